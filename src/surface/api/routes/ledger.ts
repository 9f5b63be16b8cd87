import { createRoute, z } from '@hono/zod-openapi';
import { GatehouseError } from '../../../kernel/index.ts';
import {
  type Entry,
  entryList,
  entryQuery,
  logHead,
  type ProvenEntry,
  provenEntry,
} from '../../contract/index.ts';
import type { App } from '../environment.ts';
import type { ControlParts } from '../parts.ts';
import { problems } from '../problem.ts';
import { asJson } from './media.ts';

const head = createRoute({
  method: 'get',
  path: '/v1/ledger',
  summary: 'Where the log stands: its name, key, size and root',
  responses: { 200: asJson(logHead, 'its signed head'), ...problems() },
});

const list = createRoute({
  method: 'get',
  path: '/v1/ledger/entries',
  summary: 'The entries, the newest first',
  request: { query: entryQuery },
  responses: { 200: asJson(entryList, 'a page of them'), ...problems(400) },
});

const get = createRoute({
  method: 'get',
  path: '/v1/ledger/entries/{index}',
  summary: 'One entry with its receipt (C2SP tlog-proof)',
  request: {
    params: z.object({
      index: z.coerce
        .number()
        .int()
        .min(0)
        .meta({ param: { name: 'index', in: 'path' } }),
    }),
  },
  responses: { 200: asJson(provenEntry, 'the entry'), ...problems(400, 404) },
});

/** The log, entry by entry. Serves A4. */
export function ledgerRoutes(app: App, { log }: ControlParts): void {
  app.openapi(head, async (c) => {
    const checkpoint = await log.checkpoint();
    // C2SP tlog-checkpoint: origin, size and root (base64) on the first three lines.
    const [origin = '', size = '0', root = ''] = checkpoint.split('\n');
    const hex = Buffer.from(root, 'base64').toString('hex');
    return c.json({ origin, key: log.key, size: Number(size), root: hex, checkpoint }, 200);
  });
  app.openapi(list, async (c) => {
    const { limit, before } = c.req.valid('query');
    const found = await log.latest(limit, before);
    const last = found.at(-1)?.index ?? 0;
    const next = found.length === limit && last > 0 ? last : null;
    const entries = found.map(({ index, entry }): Entry => ({ index, entry: { ...entry } }));
    return c.json({ entries, next }, 200);
  });
  app.openapi(get, async (c) => {
    const { index } = c.req.valid('param');
    const found = await log.entry(index);
    if (found === null) {
      throw new GatehouseError('not_found', `the log has no entry \`${index}\` (yet)`);
    }
    const receipt = await log.receipt(index);
    const proven: ProvenEntry = { index, entry: { ...found.entry }, receipt };
    return c.json(proven, 200);
  });
}
