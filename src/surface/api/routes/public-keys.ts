import { createRoute } from '@hono/zod-openapi';
import type { AgentPublicKey } from '../../../identity/index.ts';
import { newPublicKey, type PublicKey, publicKey, publicKeyList } from '../../contract/index.ts';
import type { App } from '../environment.ts';
import type { ControlParts } from '../parts.ts';
import { problems } from '../problem.ts';
import { named, time } from './agents.ts';
import { asJson, sendsJson } from './media.ts';
import { idIn } from './params.ts';

const by = 'setup-token';

const add = createRoute({
  method: 'post',
  path: '/v1/agents/{agent}/public-keys',
  summary: 'Register a public key: whoever holds its private half is the agent',
  request: { params: named, body: sendsJson(newPublicKey) },
  responses: { 201: asJson(publicKey, 'the key'), ...problems(400, 404, 409, 413, 415) },
});

const list = createRoute({
  method: 'get',
  path: '/v1/agents/{agent}/public-keys',
  summary: "An agent's public keys",
  request: { params: named },
  responses: { 200: asJson(publicKeyList, 'its keys'), ...problems(404) },
});

const revoke = createRoute({
  method: 'post',
  path: '/v1/public-keys/{id}/revoke',
  summary: 'Revoke a public key: what its agent has under way ends with it',
  request: { params: idIn('the thumbprint of the key (RFC 7638)') },
  responses: { 200: asJson(publicKey, 'the key as it stands now'), ...problems(400, 404) },
});

/** The keys that agents prove themselves with. Serves A1 and A2. */
export function publicKeyRoutes(app: App, { agents, log }: ControlParts): void {
  app.openapi(add, async (c) => {
    const { agent: name } = c.req.valid('param');
    const added = await agents.addPublicKey(name, c.req.valid('json').jwk);
    try {
      await log.append('agent.public-key.add', { by, agent: added.agent, name, key: added.id });
    } catch (thrown) {
      // INVARIANT: no key counts whose registration is not on the record.
      await agents.revokePublicKey(added.id);
      throw thrown;
    }
    return c.json(told(added), 201);
  });
  app.openapi(list, async (c) => {
    const { agent: name } = c.req.valid('param');
    return c.json({ publicKeys: (await agents.publicKeys(name)).map(told) }, 200);
  });
  app.openapi(revoke, async (c) => {
    const revoked = await agents.revokePublicKey(c.req.valid('param').id);
    await log.append('agent.public-key.revoke', { by, key: revoked.id, agent: revoked.agent });
    return c.json(told(revoked), 200);
  });
}

function told({ id, agent, jwk, created, revoked }: AgentPublicKey): PublicKey {
  const ended = revoked === null ? null : time(revoked);
  return { id, agent, jwk: { ...jwk }, created: time(created), revoked: ended };
}
