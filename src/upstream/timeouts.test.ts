import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, definition, opened, refusal, settled, until } from '../../test/upstream/opened.ts';
import { answered, rawProvider } from '../../test/upstream/raw-provider.ts';

test('no first byte in time is `upstream_timeout`, once, and closes the connection', async (t) => {
  const provider = await rawProvider(t, () => {});
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const sent = upstreams.send(call());
  await provider.reached(1);
  clock.pass(4_999);
  assert.equal(upstreams.health()[0]?.inFlight, 1);
  clock.pass(1);
  const error = await refusal(clock, sent);
  assert.equal(error.code, 'upstream_timeout');
  assert.match(error.message, /began no answer in time/);
  assert.equal(error.attempts.length, 1, 'a slow upstream is not asked twice');
  await provider.closed(1);
});

test('a slow upstream gives way to the fallback', async (t) => {
  const slow = await rawProvider(t, () => {});
  const good = await rawProvider(t, ({ socket }) => socket.write(answered(200, 'yes')));
  const { upstreams, clock } = opened(t, [
    definition({ url: slow.url }),
    definition({ name: 'b', url: good.url }),
  ]);
  const sent = upstreams.send(call({}, 'a', 'b'));
  await slow.reached(1);
  clock.pass(5_000);
  const answer = await settled(clock, sent);
  assert.deepEqual(
    answer.attempts.map((one) => [one.outcome, one.ms]),
    [
      ['timeout_first_byte', 5_000],
      ['ok', 0],
    ],
  );
  await answer.whole();
});

test('a call that gets no connection in time is given up', async (t) => {
  const provider = await rawProvider(t, () => {});
  const { upstreams, clock } = opened(t, [
    definition({ url: provider.url, connections: 1, retries: { attempts: 1, budgetRatio: 0 } }),
  ]);
  const first = upstreams.send(call());
  await provider.reached(1);
  const second = upstreams.send(call());
  clock.pass(1_000);
  const error = await refusal(clock, second);
  assert.match(error.message, /gave no connection in time/);
  clock.pass(4_000);
  assert.match((await refusal(clock, first)).message, /began no answer/);
  assert.equal(provider.asked.length, 1, 'what was given up is not sent');
});

test('silence in the middle of an answer ends it; each piece begins the wait anew', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n');
  });
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const answer = await settled(clock, upstreams.send(call()));
  const heard: string[] = [];
  const read = answer.each((chunk) => {
    heard.push(chunk.toString());
  });
  const { socket } = provider.asked[0] as { socket: import('node:net').Socket };
  for (const next of ['b', 'c']) {
    clock.pass(1_900);
    socket.write(`1\r\n${next}\r\n`);
    await until(clock, () => heard.includes(next));
  }
  clock.pass(2_000);
  const error = await refusal(clock, read);
  assert.equal(error.code, 'upstream_timeout');
  assert.match(error.message, /stopped in the middle/);
  assert.deepEqual(heard, ['a', 'b', 'c']);
  await provider.closed(1);
});

test('an endless answer ends at its total time', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n0\r\n');
  });
  const timeouts = { connectMs: 1_000, firstByteMs: 5_000, idleMs: 2_000, totalMs: 5_000 };
  const { upstreams, clock } = opened(t, [definition({ url: provider.url, timeouts })]);
  const answer = await settled(clock, upstreams.send(call()));
  let heard = 0;
  const read = answer.each(() => {
    heard++;
  });
  read.catch(() => {});
  const { socket } = provider.asked[0] as { socket: import('node:net').Socket };
  for (let i = 1; i <= 2; i++) {
    clock.pass(1_900);
    socket.write('1\r\n0\r\n');
    await until(clock, () => heard === i + 1);
  }
  clock.pass(1_200);
  assert.match((await refusal(clock, read)).message, /longer than its total time/);
});

test('time in which the reader is busy is not the upstream`s', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write(answered(200, 'x'.repeat(600_000)));
  });
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const answer = await settled(clock, upstreams.send(call()));
  let bytes = 0;
  let release = (): void => {};
  const read = answer.each((chunk) => {
    bytes += chunk.length;
    if (bytes > chunk.length) return undefined;
    return new Promise<void>((resolve) => {
      release = resolve;
    });
  });
  await until(clock, () => bytes > 0);
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  clock.pass(30_000);
  release();
  await settled(clock, read);
  assert.equal(bytes, 600_000);
});

test('a back-off never runs past the total time', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write(answered(503, 'no', ['retry-after: 4']));
  });
  const timeouts = { connectMs: 1_000, firstByteMs: 1_000, idleMs: 1_000, totalMs: 3_000 };
  const { upstreams, clock } = opened(t, [definition({ url: provider.url, timeouts })]);
  const error = await refusal(clock, upstreams.send(call()));
  assert.equal(error.attempts.length, 1);
  assert.equal(clock.pending, 0, 'no timer is left behind');
});
