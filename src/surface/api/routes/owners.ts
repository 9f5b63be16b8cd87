import { createRoute } from '@hono/zod-openapi';
import { type Owner, owner, ownerList } from '../../contract/index.ts';
import type { App } from '../environment.ts';
import type { ControlParts } from '../parts.ts';
import { problems } from '../problem.ts';
import { time } from './agents.ts';
import { asJson } from './media.ts';
import { param } from './params.ts';

const list = createRoute({
  method: 'get',
  path: '/v1/owners',
  summary: 'The people answerable for agents',
  responses: { 200: asJson(ownerList, 'all of them'), ...problems() },
});

const disable = createRoute({
  method: 'post',
  path: '/v1/owners/{owner}/disable',
  summary: 'Stop every agent of a person, and register none under the name any more',
  request: { params: param('owner', "the owner's name, percent-encoded") },
  responses: { 200: asJson(owner, 'the owner as they stand now'), ...problems(400, 404) },
});

type Found = Awaited<ReturnType<ControlParts['agents']['owners']>>[number];

/** The people answerable for agents. Serves A2. */
export function ownerRoutes(app: App, { agents, log }: ControlParts): void {
  app.openapi(list, async (c) => c.json({ owners: (await agents.owners()).map(told) }, 200));
  app.openapi(disable, async (c) => {
    // What stops somebody takes effect first: a record that cannot be written must not prevent it.
    const stopped = await agents.disableOwner(c.req.valid('param').owner);
    const { name, agents: count } = stopped;
    await log.append('owner.disable', { by: 'setup-token', owner: name, agents: count });
    return c.json(told(stopped), 200);
  });
}

function told({ name, agents, disabled }: Found): Owner {
  return { name, agents, disabled: disabled === null ? null : time(disabled) };
}
