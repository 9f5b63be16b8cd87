import { createRoute } from '@hono/zod-openapi';
import { GatehouseError } from '../../../kernel/index.ts';
import type { Standing as Found } from '../../../policy/index.ts';
import {
  type Standing,
  type StandingQuery,
  standingList,
  standingQuery,
} from '../../contract/index.ts';
import type { App } from '../environment.ts';
import type { ControlParts } from '../parts.ts';
import { problems } from '../problem.ts';
import { time } from './agents.ts';
import { asJson } from './media.ts';

const list = createRoute({
  method: 'get',
  path: '/v1/quotas',
  summary: 'How far each quota is used, by quota and holder',
  request: { query: standingQuery },
  responses: { 200: asJson(standingList, 'a page of them'), ...problems(400) },
});

const units = {
  requests: 'requests',
  tokens: 'tokens',
  money: 'USD',
  concurrency: 'calls at a time',
} as const;

/** What is used and reserved. Serves M5. */
export function quotaRoutes(app: App, { quotas }: ControlParts): void {
  app.openapi(list, async (c) => {
    const { quota, of, holder, limit, after } = c.req.valid('query');
    const filter = { ...(quota && { quota }), ...(of && { of }), ...(holder && { holder }) };
    const found = [...(await quotas.standing(filter))].sort(byPlace);
    return c.json(paged(found, limit, after), 200);
  });
}

/** Pages by place, not by count, so that a holder that comes in between moves none. */
function paged(found: readonly Found[], limit: number, after: StandingQuery['after']) {
  const from = after === undefined ? null : placeIn(after);
  const rest = from === null ? found : found.filter((one) => isAfter(placeOf(one), from));
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const next = last === undefined || rest.length <= limit ? null : cursorOf(last);
  return { quotas: page.map(told), next };
}

type Place = readonly [quota: string, holder: string];

function placeOf({ quota, holder }: Found): Place {
  return [quota, holder];
}

function byPlace(a: Found, b: Found): number {
  return isAfter(placeOf(a), placeOf(b)) ? 1 : -1;
}

function isAfter([quota, holder]: Place, [fromQuota, fromHolder]: Place): boolean {
  return quota > fromQuota || (quota === fromQuota && holder > fromHolder);
}

function cursorOf(one: Found): string {
  return Buffer.from(JSON.stringify(placeOf(one))).toString('base64url');
}

function placeIn(cursor: string): Place {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const whole = Array.isArray(place) && place.length === 2;
    if (whole && place.every((one) => typeof one === 'string')) {
      return place as unknown as Place;
    }
  } catch {}
  throw new GatehouseError('bad_request', '`query.after` is no place; use `next` of a page');
}

function told({ ends, ...rest }: Found): Standing {
  return { ...rest, unit: units[rest.measure], ends: ends === null ? null : time(ends) };
}
