import { createRoute, z } from '@hono/zod-openapi';
import { GatehouseError } from '../../../kernel/index.ts';
import { parseLogPath } from '../../../ledger/index.ts';
import type { App } from '../environment.ts';
import type { ControlParts } from '../parts.ts';
import { problems } from '../problem.ts';
import { asText } from './media.ts';

const text = z.string();
// Hashes or entries in a full tile (C2SP tlog-tiles).
const tileWidth = 256;

const checkpoint = createRoute({
  method: 'get',
  path: '/log/checkpoint',
  summary: 'The signed head of the log (C2SP tlog-checkpoint)',
  responses: { 200: asText(text, 'a signed note'), ...problems() },
});

const key = createRoute({
  method: 'get',
  path: '/log/key',
  summary: "The log's verifier key (C2SP signed-note vkey)",
  responses: { 200: asText(text, 'the key'), ...problems() },
});

const tile = createRoute({
  method: 'get',
  path: '/log/tile/{level}/{tile}',
  summary: 'A tile of hashes, or of entries at level `entries` (C2SP tlog-tiles)',
  request: {
    params: z.object({
      level: z.string().meta({ param: { name: 'level', in: 'path' }, example: '0' }),
      tile: z.string().meta({
        param: { name: 'tile', in: 'path' },
        description: '`x001/x234/067`, and `.p/W` for a partial tile; its slashes stay as they are',
        example: '000.p/5',
      }),
    }),
  },
  responses: {
    200: {
      description: 'the tile; a full one never changes',
      content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } },
    },
    ...problems(404),
  },
});

/** The log as the static files that any C2SP verifier reads. Serves A4 and D4. */
export function logFileRoutes(app: App, { log }: ControlParts, publicLog: boolean): void {
  app.openapi(checkpoint, async (c) => c.text(await log.checkpoint(), 200));
  app.openapi(key, (c) => c.text(`${log.key}\n`, 200));
  app.openAPIRegistry.registerPath(tile);
  // A tile's path has slashes, which the description's path template cannot say.
  app.get('/log/tile/:level/:tile{.+}', async (c) => {
    const path = `tile/${c.req.param('level')}/${c.req.param('tile')}`;
    const place = parseLogPath(path);
    if (place === null || place.kind === 'checkpoint') return missing(path);
    const { index, width } = place;
    const found =
      place.kind === 'tile' ? log.tile(place.level, index, width) : log.entries(index, width);
    const bytes = (await found) ?? missing(path);
    return c.body(new Uint8Array(bytes), 200, {
      'content-type': 'application/octet-stream',
      'cache-control': caching(publicLog, width === tileWidth),
    });
  });
}

function caching(publicLog: boolean, full: boolean): string {
  const scope = publicLog ? 'public' : 'private';
  return full ? `${scope}, max-age=31536000, immutable` : `${scope}, max-age=60`;
}

function missing(path: string): never {
  throw new GatehouseError('not_found', `the log has no tile \`${path.slice(0, 80)}\` (yet)`);
}
