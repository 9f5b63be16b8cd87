import { createRoute, z } from '@hono/zod-openapi';
import type { AgentKey } from '../../../identity/index.ts';
import { issuedKey, type Key, key, keyList, newKey } from '../../contract/index.ts';
import type { App } from '../environment.ts';
import type { ControlParts } from '../parts.ts';
import { problems } from '../problem.ts';
import { named, time } from './agents.ts';
import { asJson, sendsJson } from './media.ts';

const by = 'setup-token';

const issue = createRoute({
  method: 'post',
  path: '/v1/agents/{agent}/keys',
  summary: 'Issue a key: its secret is shown this once',
  request: { params: named, body: sendsJson(newKey) },
  responses: { 201: asJson(issuedKey, 'the key'), ...problems(400, 404, 409, 413, 415) },
});

const list = createRoute({
  method: 'get',
  path: '/v1/agents/{agent}/keys',
  summary: "An agent's keys, without their secrets",
  request: { params: named },
  responses: { 200: asJson(keyList, 'its keys'), ...problems(404) },
});

const revoke = createRoute({
  method: 'post',
  path: '/v1/keys/{key}/revoke',
  summary: 'Revoke a key',
  request: {
    params: z.object({
      key: z
        .string()
        .min(1)
        .max(200)
        .meta({ param: { name: 'key', in: 'path' } }),
    }),
  },
  responses: { 200: asJson(key, 'the key as it stands now'), ...problems(404) },
});

/** The agents' keys. Serves A2. */
export function keyRoutes(app: App, { agents, log }: ControlParts): void {
  app.openapi(issue, async (c) => {
    const { agent: name } = c.req.valid('param');
    const expiresInMs = c.req.valid('json').expiresInSeconds * 1000;
    const { id, key: secret, expires } = await agents.issueKey(name, { expiresInMs });
    try {
      await log.append('key.issue', { by, key: id, agent: name, expires: time(expires) });
    } catch (thrown) {
      // INVARIANT: no key counts whose issue is not on the record.
      await agents.revokeKey(id);
      throw thrown;
    }
    return c.json({ id, agent: name, secret, expires: time(expires) }, 201);
  });
  app.openapi(list, async (c) => {
    const { agent: name } = c.req.valid('param');
    return c.json({ keys: (await agents.keys(name)).map(told) }, 200);
  });
  app.openapi(revoke, async (c) => {
    const revoked = await agents.revokeKey(c.req.valid('param').key);
    await log.append('key.revoke', { by, key: revoked.id, agent: revoked.agent });
    return c.json(told(revoked), 200);
  });
}

function told({ id, agent, created, expires, revoked }: AgentKey): Key {
  const ended = revoked === null ? null : time(revoked);
  return { id, agent, created: time(created), expires: time(expires), revoked: ended };
}
