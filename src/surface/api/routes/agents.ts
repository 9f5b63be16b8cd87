import { createRoute, z } from '@hono/zod-openapi';
import type { Agent as Registered } from '../../../identity/index.ts';
import { GatehouseError } from '../../../kernel/index.ts';
import { type Agent, agent, agentList, newAgent, riskOf } from '../../contract/index.ts';
import type { App } from '../environment.ts';
import type { ControlParts } from '../parts.ts';
import { problems } from '../problem.ts';
import { asJson, sendsJson } from './media.ts';

export const named = z.object({
  agent: z
    .string()
    .min(1)
    .max(200)
    .meta({ param: { name: 'agent', in: 'path' }, description: "an agent's name" }),
});

const create = createRoute({
  method: 'post',
  path: '/v1/agents',
  summary: 'Register an agent',
  request: { body: sendsJson(newAgent) },
  responses: { 201: asJson(agent, 'the agent'), ...problems(400, 409, 413, 415) },
});

const list = createRoute({
  method: 'get',
  path: '/v1/agents',
  summary: 'List the agents',
  responses: { 200: asJson(agentList, 'all agents'), ...problems() },
});

const get = createRoute({
  method: 'get',
  path: '/v1/agents/{agent}',
  summary: 'One agent',
  request: { params: named },
  responses: { 200: asJson(agent, 'the agent'), ...problems(404) },
});

const disable = createRoute({
  method: 'post',
  path: '/v1/agents/{agent}/disable',
  summary: 'Disable an agent: its keys stop to count at once',
  request: { params: named },
  responses: { 200: asJson(agent, 'the agent as it stands now'), ...problems(404) },
});

const setRisk = createRoute({
  method: 'post',
  path: '/v1/agents/{agent}/risk',
  summary: 'Say how much harm an agent could do',
  request: { params: named, body: sendsJson(riskOf) },
  responses: { 200: asJson(agent, 'the agent'), ...problems(400, 404, 413, 415) },
});

/** The agents: who may be let in, and who answers for them. Serves A2. */
export function agentRoutes(app: App, { agents, log }: ControlParts): void {
  const toldAll = async (all: readonly Registered[]) => {
    const owners = await agents.owners();
    const ended = new Map(owners.map(({ name, disabled }) => [name, disabled]));
    return all.map((one) => told(one, ended.get(one.owner) ?? null));
  };
  const toldNow = async (one: Registered) => (await toldAll([one]))[0] as Agent;
  app.openapi(create, async (c) => {
    const { publicKey, ...rest } = c.req.valid('json');
    const made = await agents.create(publicKey === undefined ? rest : { ...rest, publicKey });
    const keys = publicKey === undefined ? [] : await agents.publicKeys(made.name);
    try {
      await log.append('agent.create', { ...facts(made), keys: keys.map(({ id }) => id) });
    } catch (thrown) {
      // INVARIANT: no key counts whose registration is not on the record.
      for (const { id } of keys) await agents.revokePublicKey(id);
      throw thrown;
    }
    return c.json(told(made, null), 201);
  });
  app.openapi(list, async (c) => c.json({ agents: await toldAll(await agents.list()) }, 200));
  app.openapi(get, async (c) => {
    const { agent: name } = c.req.valid('param');
    return c.json(await toldNow(known(await agents.get(name), name)), 200);
  });
  app.openapi(disable, async (c) => {
    const { agent: name } = c.req.valid('param');
    // What stops an agent takes effect first: a record that cannot be written must not keep it alive.
    const stopped = await agents.disable(name);
    await log.append('agent.disable', facts(stopped));
    return c.json(told(stopped, null), 200);
  });
  app.openapi(setRisk, async (c) => {
    const { agent: name } = c.req.valid('param');
    const changed = await agents.setRisk(name, c.req.valid('json').risk);
    await log.append('agent.risk', facts(changed));
    return c.json(await toldNow(changed), 200);
  });
}

/** The agent, or the error that says that there is none. */
export function known(found: Registered | null, name: string): Registered {
  if (found !== null) return found;
  const shown = name.slice(0, 80);
  throw new GatehouseError('not_found', `no agent is \`${shown}\`; see \`gatehouse agent list\``);
}

/** An agent is stopped with its owner, too; `ownerEnded` is Unix milliseconds. */
function told({ created, disabled, ...rest }: Registered, ownerEnded: number | null): Agent {
  const ends = [disabled, ownerEnded].filter((end) => end !== null);
  const ended = ends.length === 0 ? null : time(Math.min(...ends));
  const status = ended === null ? 'active' : 'disabled';
  return { ...rest, status, created: time(created), disabled: ended };
}

/** ISO 8601 of Unix milliseconds. */
export function time(ms: number): string {
  return new Date(ms).toISOString();
}

function facts({ id, name, owner, purpose, tenant, risk }: Registered) {
  return { by: 'setup-token', agent: id, name, owner, purpose, tenant, risk };
}
