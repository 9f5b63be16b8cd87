import { createRoute } from '@hono/zod-openapi';
import type { AgentIdentity } from '../../../identity/index.ts';
import { type Identity, identity, identityList, newIdentity } from '../../contract/index.ts';
import type { App } from '../environment.ts';
import type { ControlParts } from '../parts.ts';
import { problems } from '../problem.ts';
import { named, time } from './agents.ts';
import { asJson, sendsJson } from './media.ts';
import { idIn } from './params.ts';

const by = 'setup-token';

const add = createRoute({
  method: 'post',
  path: '/v1/agents/{agent}/identities',
  summary: 'Let an identity elsewhere stand for an agent',
  request: { params: named, body: sendsJson(newIdentity) },
  responses: { 201: asJson(identity, 'the identity'), ...problems(400, 404, 409, 413, 415) },
});

const list = createRoute({
  method: 'get',
  path: '/v1/agents/{agent}/identities',
  summary: 'The identities elsewhere that stand for an agent',
  request: { params: named },
  responses: { 200: asJson(identityList, 'its identities'), ...problems(404) },
});

const revoke = createRoute({
  method: 'post',
  path: '/v1/identities/{id}/revoke',
  summary: 'Revoke an identity: what its agent has under way ends with it',
  request: { params: idIn("the identity's id") },
  responses: { 200: asJson(identity, 'the identity as it stands now'), ...problems(400, 404) },
});

/** The identities elsewhere that stand for agents. Serves A1 and A2. */
export function identityRoutes(app: App, { agents, log }: ControlParts): void {
  app.openapi(add, async (c) => {
    const { agent: name } = c.req.valid('param');
    const { issuer, ...rest } = c.req.valid('json');
    const wanted = issuer === undefined ? rest : { ...rest, issuer };
    const added = await agents.addIdentity(name, wanted);
    try {
      await log.append('agent.identity.add', { by, name, ...facts(added) });
    } catch (thrown) {
      // INVARIANT: no identity counts whose registration is not on the record.
      await agents.revokeIdentity(added.id);
      throw thrown;
    }
    return c.json(told(added), 201);
  });
  app.openapi(list, async (c) => {
    const { agent: name } = c.req.valid('param');
    return c.json({ identities: (await agents.identities(name)).map(told) }, 200);
  });
  app.openapi(revoke, async (c) => {
    const revoked = await agents.revokeIdentity(c.req.valid('param').id);
    await log.append('agent.identity.revoke', { by, ...facts(revoked) });
    return c.json(told(revoked), 200);
  });
}

function facts({ id, agent, kind, issuer, subject, claims }: AgentIdentity) {
  return { identity: id, agent, kind, issuer, subject, claims: { ...claims } };
}

function told({ claims, created, revoked, ...rest }: AgentIdentity): Identity {
  const ended = revoked === null ? null : time(revoked);
  return { ...rest, claims: { ...claims }, created: time(created), revoked: ended };
}
