import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, definition, opened, refusal, settled, until } from '../../test/upstream/opened.ts';
import { answered, rawProvider } from '../../test/upstream/raw-provider.ts';

for (const status of [429, 500, 502, 503, 504, 529]) {
  test(`${status} is tried again, and the answer that follows is handed on (I2)`, async (t) => {
    const provider = await rawProvider(t, ({ socket, nth }) => {
      socket.write(nth === 1 ? answered(status, 'no') : answered(200, 'yes'));
    });
    const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
    const answer = await settled(clock, upstreams.send(call()));
    assert.equal((await answer.whole()).toString(), 'yes');
    assert.deepEqual(
      answer.attempts.map((one) => [one.outcome, one.status]),
      [
        ['status', status],
        ['ok', 200],
      ],
    );
    assert.equal(provider.asked.length, 2);
  });
}

for (const status of [400, 404, 409, 422]) {
  test(`${status} is an answer and is not tried again`, async (t) => {
    const provider = await rawProvider(t, ({ socket }) => socket.write(answered(status, 'why')));
    const { upstreams, clock } = opened(t, [
      definition({ url: provider.url }),
      definition({ name: 'b', url: provider.url }),
    ]);
    const answer = await settled(clock, upstreams.send(call({}, 'a', 'b')));
    assert.equal(answer.status, status);
    assert.equal((await answer.whole()).toString(), 'why');
    assert.equal(provider.asked.length, 1);
  });
}

for (const status of [401, 403, 407]) {
  test(`${status} is about our credentials: the next candidate answers, and no caller sees it (I2)`, async (t) => {
    const provider = await rawProvider(t, ({ socket, nth }) => {
      socket.write(nth === 1 ? answered(status, 'bad key sk-upstream') : answered(200, 'yes'));
    });
    const { upstreams, clock } = opened(t, [
      definition({ url: provider.url }),
      definition({ name: 'b', url: provider.url }),
    ]);
    const answer = await settled(clock, upstreams.send(call({}, 'a', 'b')));
    assert.equal((await answer.whole()).toString(), 'yes');
    assert.deepEqual(
      answer.attempts.map((one) => [one.upstream, one.status]),
      [
        ['a', status],
        ['b', 200],
      ],
    );
  });
}

test('a connection that ends before the first byte is tried again', async (t) => {
  const provider = await rawProvider(t, ({ socket, nth }) => {
    if (nth === 1) socket.destroy();
    else socket.write(answered(200, 'yes'));
  });
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const answer = await settled(clock, upstreams.send(call()));
  assert.equal((await answer.whole()).toString(), 'yes');
  assert.deepEqual(
    answer.attempts.map((one) => one.outcome),
    ['broken', 'ok'],
  );
});

test('tries end at `attempts`, and a fallback takes over with its own model', async (t) => {
  const bad = await rawProvider(t, ({ socket }) => socket.write(answered(503, 'down')));
  const good = await rawProvider(t, ({ socket }) => socket.write(answered(200, 'yes')));
  const { upstreams, clock } = opened(t, [
    definition({ url: bad.url }),
    definition({ name: 'b', url: good.url }),
  ]);
  const candidates = [
    { upstream: 'a', model: 'wanted-1' },
    { upstream: 'b', model: 'other-2' },
  ];
  const answer = await settled(clock, upstreams.send(call({ candidates })));
  assert.equal(bad.asked.length, 3);
  assert.deepEqual([answer.upstream, answer.model], ['b', 'other-2']);
  assert.match(good.asked[0]?.text ?? '', /"model":"other-2"/);
  assert.deepEqual(
    answer.attempts.map((one) => `${one.upstream} ${one.model} ${one.outcome}`),
    [...Array(3).fill('a wanted-1 status'), 'b other-2 ok'],
  );
});

test('a refused connection is `upstream_failed` when nothing is left to try', async (t) => {
  const provider = await rawProvider(t, () => {});
  const { port } = new URL(provider.url);
  // The loopback's other addresses have no listener at this port.
  const { upstreams, clock } = opened(t, [definition({ url: `http://127.0.0.9:${port}` })]);
  const error = await refusal(clock, upstreams.send(call()));
  assert.equal(error.code, 'upstream_failed');
  assert.match(error.message, /upstream `a` cannot be reached \(`ECONNREFUSED`\)/);
  assert.equal(error.attempts.length, 3);
});

test('the last 429 is handed on with its retry-after', async (t) => {
  const limited = answered(429, 'slow', ['retry-after: 120']);
  const provider = await rawProvider(t, ({ socket }) => socket.write(limited));
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const answer = await settled(clock, upstreams.send(call()));
  assert.equal(answer.status, 429);
  assert.equal(answer.headers['retry-after'], '120');
  assert.equal(provider.asked.length, 1, 'two minutes are not waited for');
  assert.equal((await answer.whole()).toString(), 'slow');
});

test('a short retry-after is waited for', async (t) => {
  const provider = await rawProvider(t, ({ socket, nth }) => {
    socket.write(nth === 1 ? answered(503, 'no', ['retry-after: 2']) : answered(200, 'yes'));
  });
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const sent = upstreams.send(call());
  await until(clock, () => upstreams.health()[0]?.retries === 1);
  clock.pass(1_999);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(provider.asked.length, 1);
  clock.pass(1);
  assert.equal((await (await settled(clock, sent)).whole()).toString(), 'yes');
});

test('retries stay within the budget, so that they cannot multiply load (M5)', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => socket.write(answered(503, 'down')));
  const retries = { attempts: 3, budgetRatio: 0.1 };
  const { upstreams, clock } = opened(t, [definition({ url: provider.url, retries })]);
  for (let i = 0; i < 50; i++) await refusal(clock, upstreams.send(call()));
  const { calls, retries: made } = upstreams.health()[0] as { calls: number; retries: number };
  assert.equal(calls, 50);
  assert.ok(made <= 0.1 * calls + 5, `${made} retries`);
  assert.ok(made >= 5, `${made} retries`);
  assert.equal(provider.asked.length, calls + made);
});

test('a budget of nothing buys no retry', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => socket.write(answered(503, 'down')));
  const retries = { attempts: 3, budgetRatio: 0 };
  const { upstreams, clock } = opened(t, [definition({ url: provider.url, retries })]);
  await refusal(clock, upstreams.send(call()));
  assert.equal(provider.asked.length, 1);
});

test('nothing is tried again once an answer has begun', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
  });
  const { upstreams, clock } = opened(t, [
    definition({ url: provider.url }),
    definition({ name: 'b', url: provider.url }),
  ]);
  const answer = await settled(clock, upstreams.send(call({}, 'a', 'b')));
  const heard: string[] = [];
  const error = await refusal(
    clock,
    answer.each((chunk) => {
      heard.push(chunk.toString());
    }),
  );
  assert.equal(error.code, 'upstream_failed');
  assert.deepEqual(heard, ['half']);
  assert.equal(provider.asked.length, 1);
});

test('a redirect is never followed', async (t) => {
  const target = await rawProvider(t, ({ socket }) => socket.write(answered(200, 'stolen')));
  const moved = answered(307, '', [`location: ${target.url}/v1/chat/completions`]);
  const provider = await rawProvider(t, ({ socket }) => socket.write(moved));
  const { upstreams, clock } = opened(t, [definition({ url: provider.url })]);
  const error = await refusal(clock, upstreams.send(call()));
  assert.match(error.message, /answered with an error \(`307`\)/);
  assert.deepEqual([provider.asked.length, target.asked.length], [1, 0]);
});
