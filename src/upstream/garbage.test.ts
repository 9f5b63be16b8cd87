import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { call, definition, opened, settled, until } from '../../test/upstream/opened.ts';
import { rawProvider } from '../../test/upstream/raw-provider.ts';
import { GatehouseError } from '../kernel/index.ts';

const grains = fc.constantFrom(
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.0 200 OK\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 204 No\r\n',
  'HTTP/1.1 304 X\r\n',
  'HTTP/1.1 999 X\r\n',
  'HTTP/1.1 20',
  'content-length: 5\r\n',
  'content-length: 99999999999999999999\r\n',
  'transfer-encoding: chunked\r\n',
  'transfer-encoding: gzip, chunked\r\n',
  'content-encoding: gzip\r\n',
  'content-encoding: br\r\n',
  'connection: close\r\n',
  'connection: upgrade\r\nupgrade: h2c\r\n',
  'retry-after: -1\r\n',
  'trailer: x\r\n',
  ': \r\n',
  '\r\n',
  '\r\n\r\n',
  '\n',
  '\0',
  '5\r\nhello\r\n',
  'ffffffffffffffff\r\n',
  '0\r\n\r\n',
  'hello',
  'data: {}\n\n',
);
const bytes = fc
  .array(fc.oneof({ weight: 5, arbitrary: grains }, { weight: 1, arbitrary: fc.string() }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((parts) => parts.join(''));

test('random answers end in an answer or an error, never in a crash or a wait (I2)', async (t) => {
  let next: readonly string[] = [];
  const provider = await rawProvider(t, ({ socket }) => {
    // In two writes, so that the cut falls anywhere.
    socket.write(next[0] as string, 'latin1');
    setImmediate(() => socket.end(next[1] as string, 'latin1'));
  });
  const once = { attempts: 1, budgetRatio: 0 };
  const breaker = { failures: 1_000_000, openMs: 1 };
  const { upstreams, clock } = opened(t, [
    definition({ url: provider.url, retries: once, breaker }),
  ]);
  const property = fc.asyncProperty(bytes, fc.nat(), async (text, at) => {
    const cut = at % (text.length + 1);
    next = [text.slice(0, cut), text.slice(cut)];
    const sent = upstreams.send(call()).then((answer) => answer.whole());
    const thrown = await settled(clock, sent).catch((error: unknown) => error);
    if (!Buffer.isBuffer(thrown)) assert.ok(thrown instanceof GatehouseError, String(thrown));
    await until(clock, () => upstreams.health()[0]?.inFlight === 0);
  });
  await fc.assert(property, { seed: 20_260_101, numRuns: 400 });
  assert.equal(clock.pending, 0, 'no timer is left behind');
});
