import { createRoute, z } from '@hono/zod-openapi';
import { GatehouseError } from '../../../kernel/index.ts';
import {
  bundleQuery,
  type Trace,
  trace,
  traceId,
  traceList,
  traceQuery,
} from '../../contract/index.ts';
import { type Telling, traceStory } from '../../story/index.ts';
import type { App } from '../environment.ts';
import type { ControlParts } from '../parts.ts';
import { problems } from '../problem.ts';
import { tracePage } from '../trace-page.ts';
import { asJson } from './media.ts';

const one = z.object({ trace: traceId.meta({ param: { name: 'trace', in: 'path' } }) });

const list = createRoute({
  method: 'get',
  path: '/v1/traces',
  summary: 'The calls, the newest first, each in one sentence',
  request: { query: traceQuery },
  responses: { 200: asJson(traceList, 'a page of them'), ...problems(400) },
});

const get = createRoute({
  method: 'get',
  path: '/v1/traces/{trace}',
  summary: 'One call: its sentence, its path and its entries with their receipts',
  request: { params: one },
  responses: { 200: asJson(trace, 'the call'), ...problems(400, 404) },
});

const bundle = createRoute({
  method: 'get',
  path: '/v1/traces/{trace}/bundle',
  summary: 'An export that verifies offline',
  request: { params: one, query: bundleQuery },
  responses: {
    200: asJson(z.record(z.string(), z.unknown()), 'the bundle, for `gatehouse verify`'),
    ...problems(400, 404),
  },
});

/** The calls on record, told and exported. Serves A4 and E5. */
export function traceRoutes(app: App, { log }: ControlParts, telling: Telling): void {
  app.openapi(list, async (c) => {
    return c.json(await tracePage(log, c.req.valid('query'), telling), 200);
  });
  app.openapi(get, async (c) => {
    const { trace: id } = c.req.valid('param');
    const entries = await log.byTrace(id);
    const story = traceStory(entries, telling);
    if (story === null) throw unknownTrace(id);
    const receipts = await Promise.all(entries.map(({ index }) => log.receipt(index)));
    const proven = entries.map(({ index, entry }, i) => {
      return { index, entry: { ...entry }, receipt: receipts[i] ?? null };
    });
    const told: Trace = { summary: story.summary, path: [...story.path], entries: proven };
    return c.json(told, 200);
  });
  app.openapi(bundle, async (c) => {
    const { trace: id } = c.req.valid('param');
    const bodies = c.req.valid('query').bodies === 'true';
    if (bodies) {
      if ((await log.byTrace(id)).length === 0) throw unknownTrace(id);
      // INVARIANT: that somebody looks is durable before the first byte leaves.
      await log.append('body.read', { by: 'setup-token', trace: id, purpose: 'export' });
    }
    const text = await log.bundle(id, { bodies });
    if (text === null) throw unknownTrace(id);
    // As the ledger wrote it: the bytes that were proven are the bytes that leave.
    return new Response(text, {
      headers: {
        'content-type': 'application/json',
        'content-disposition': `attachment; filename="${id}.bundle.json"`,
      },
    }) as never;
  });
}

function unknownTrace(id: string): GatehouseError {
  return new GatehouseError('not_found', `no trace is \`${id}\`; see \`gatehouse trace list\``);
}
