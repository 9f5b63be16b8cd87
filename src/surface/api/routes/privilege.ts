import { createRoute } from '@hono/zod-openapi';
import type { Principal } from '../../../kernel/index.ts';
import type { Use } from '../../../ledger/index.ts';
import { narrower } from '../../../policy/index.ts';
import type { PinnedModel } from '../../../registry/index.ts';
import { type Privilege, privileges } from '../../contract/index.ts';
import type { App } from '../environment.ts';
import type { ControlParts } from '../parts.ts';
import { problems } from '../problem.ts';
import { known, named, time } from './agents.ts';
import { asJson } from './media.ts';
import { principalOf } from './what-if.ts';

const get = createRoute({
  method: 'get',
  path: '/v1/agents/{agent}/privileges',
  summary: 'What an agent may do beside what it did, with what it never used',
  request: { params: named },
  responses: { 200: asJson(privileges, 'one row a resource'), ...problems(404) },
});

const day = 86_400_000;
const days = 30;
const assumed = 'a short-lived token that holds a key, all scopes, nobody acted for, no features';

/** What agents may do and did: least privilege, seen. Serves A2. */
export function privilegeRoutes(app: App, parts: ControlParts): void {
  const { agents, use, clock, policies } = parts;
  app.openapi(get, async (c) => {
    const { agent: name } = c.req.valid('param');
    const agent = known(await agents.get(name), name);
    const since = (Math.floor(clock.now() / day) - days) * day;
    const principal: Principal = {
      ...principalOf(agent),
      credential: { kind: 'at+jwt', id: 'supposed', expires: 0, bound: true },
      actors: [],
    };
    // Who is younger than that cannot have left anything unused for so long.
    const old = agent.created < since;
    const rows = rowsOf(parts, principal, await use.of(agent.id, since)).map((row) => {
      return { ...row, unused: old && row.unused };
    });
    const unused = rows.filter((row) => row.unused).length;
    const models = rows.filter(({ listed, recent, action }) => {
      return listed && recent > 0 && action === 'call_model';
    });
    const answer = {
      agent: agent.name,
      set: policies.hash,
      since: time(since),
      assumed,
      privileges: rows,
      unused,
      narrower:
        unused === 0 ? null : narrower({ agent, models: models.map(({ resource }) => resource) }),
    };
    return c.json(answer, 200);
  });
}

function rowsOf(parts: ControlParts, principal: Principal, uses: readonly Use[]): Privilege[] {
  const models = parts.models();
  const byModel = new Map(
    uses.filter(({ action }) => action === 'call_model').map((use) => [use.resource, use]),
  );
  const listed = models.map((model) => granted(parts, principal, model, byModel.get(model.id)));
  const ids = new Set(models.map(({ id }) => id));
  const others = uses.filter(({ action, resource }) => {
    return action !== 'call_model' || !ids.has(resource);
  });
  return [...listed, ...others.map(unlisted)];
}

function granted(
  { whatIf }: ControlParts,
  principal: Principal,
  { id, groups, provider }: PinnedModel,
  use: Use | undefined,
): Privilege {
  const resource = { type: 'model', id } as const;
  const said = whatIf.says({ principal, resource, groups, provider });
  const may = said.level === 'allow';
  const did = didOf(use);
  return {
    action: 'call_model',
    resource: id,
    listed: true,
    may,
    by: [...((said.evidence?.['policies'] ?? []) as readonly string[])],
    reason: may ? null : (said.reason ?? null),
    ...did,
    unused: may && did.recent === 0,
  };
}

function unlisted(use: Use): Privilege {
  const { action, resource } = use;
  const nobody = { listed: false, may: null, by: [], reason: null };
  return { action, resource, ...nobody, ...didOf(use), unused: false };
}

function didOf(use: Use | undefined) {
  const { calls = 0, recent = 0, refused = 0, first = null, last = null } = use ?? {};
  const times = {
    first: first === null ? null : time(first),
    last: last === null ? null : time(last),
  };
  return { calls, recent, refused, ...times };
}
