import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, definition, opened, refusal, settled, until } from '../../test/upstream/opened.ts';
import { answered, rawProvider } from '../../test/upstream/raw-provider.ts';

test('a caller that leaves before the answer closes the upstream in the same tick', async (t) => {
  const provider = await rawProvider(t, () => {});
  const { upstreams, clock } = opened(t, [
    definition({ url: provider.url }),
    definition({ name: 'b', url: provider.url }),
  ]);
  const leaving = new AbortController();
  const sent = upstreams.send(call({ signal: leaving.signal }, 'a', 'b'));
  await provider.reached(1);
  leaving.abort();
  assert.equal(upstreams.health()[0]?.inFlight, 0);
  const error = await refusal(clock, sent);
  assert.equal(error.code, 'timed_out');
  await provider.closed(1);
  assert.equal(provider.asked.length, 1, 'nobody is left to fall back for');
  assert.equal(clock.pending, 0);
});

test('a caller that leaves in the middle of an answer closes the upstream', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n');
  });
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const leaving = new AbortController();
  const answer = await settled(clock, upstreams.send(call({ signal: leaving.signal })));
  const heard: string[] = [];
  const read = answer.each((chunk) => {
    heard.push(chunk.toString());
  });
  await until(clock, () => heard.length === 1);
  leaving.abort();
  assert.equal(upstreams.health()[0]?.inFlight, 0);
  assert.equal((await refusal(clock, read)).code, 'timed_out');
  await provider.closed(1);
});

test('a caller that leaves while a retry waits ends the waiting', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write(answered(503, 'no', ['retry-after: 3']));
  });
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const leaving = new AbortController();
  const sent = upstreams.send(call({ signal: leaving.signal }));
  await until(clock, () => upstreams.health()[0]?.retries === 1);
  leaving.abort();
  assert.equal((await refusal(clock, sent)).code, 'timed_out');
  assert.equal(clock.pending, 0);
  assert.equal(provider.asked.length, 1);
});

test('a caller that leaves while its call waits for a connection is not sent for', async (t) => {
  const provider = await rawProvider(t, () => {});
  const { upstreams, clock } = opened(t, [definition({ url: provider.url, connections: 1 })]);
  const staying = upstreams.send(call());
  await provider.reached(1);
  const leaving = new AbortController();
  const sent = upstreams.send(call({ signal: leaving.signal }));
  leaving.abort();
  assert.equal((await refusal(clock, sent)).code, 'timed_out');
  provider.asked[0]?.socket.write(answered(200, 'yes'));
  await (await settled(clock, staying)).whole();
  const next = upstreams.send(call());
  await provider.reached(2);
  provider.asked[1]?.socket.write(answered(200, 'next'));
  assert.equal((await (await settled(clock, next)).whole()).toString(), 'next');
});

test('a caller that has left already is not sent for', async (t) => {
  const provider = await rawProvider(t, () => {});
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const error = await refusal(clock, upstreams.send(call({ signal: AbortSignal.abort() })));
  assert.equal(error.code, 'timed_out');
  assert.equal(provider.connections(), 0);
});

test('a signal that outlives its calls keeps no listener of theirs', async (t) => {
  const provider = await rawProvider(t, ({ socket, nth }) => {
    socket.write(answered(nth % 2 === 0 ? 503 : 200, 'yes'));
  });
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  for (let i = 0; i < 5; i++) {
    await (await settled(clock, upstreams.send(call({ signal })))).whole();
  }
  assert.equal(listeners, 0);
});

test('closing breaks off what is under way', async (t) => {
  const provider = await rawProvider(t, () => {});
  const once = { attempts: 1, budgetRatio: 0 };
  const { upstreams, clock } = opened(t, [definition({ url: provider.url, retries: once })]);
  const sent = refusal(clock, upstreams.send(call()));
  await provider.reached(1);
  await upstreams.close();
  assert.equal((await sent).code, 'upstream_failed');
});
