import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../../test/upstream/manual-clock.ts';
import { call, definition, opened, refusal, settled } from '../../test/upstream/opened.ts';
import { answered, rawProvider } from '../../test/upstream/raw-provider.ts';
import { Breaker, type Pass } from './breaker.ts';

const once = { attempts: 1, budgetRatio: 0 };

test('the breaker opens, refuses without a call, probes once and closes (I2)', async (t) => {
  let down = true;
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write(down ? answered(500, 'down') : answered(200, 'yes'));
  });
  const breaker = { failures: 2, openMs: 10_000 };
  const { upstreams, clock, logged } = opened(t, [
    definition({ url: provider.url, retries: once, breaker }),
  ]);
  const state = () => upstreams.health()[0]?.breaker;
  await refusal(clock, upstreams.send(call()));
  assert.equal(state(), 'closed');
  await refusal(clock, upstreams.send(call()));
  assert.equal(state(), 'open');
  assert.ok(logged.some((line) => line.includes('breaker opened')));

  const error = await refusal(clock, upstreams.send(call()));
  assert.equal(error.code, 'upstream_refused');
  assert.deepEqual(error.attempts, [{ upstream: 'a', model: 'm-1', outcome: 'refused', ms: 0 }]);
  assert.equal(provider.asked.length, 2);

  clock.pass(10_000);
  assert.equal(state(), 'half-open');
  await refusal(clock, upstreams.send(call()));
  assert.equal(state(), 'open', 'a failed probe opens it again');

  clock.pass(10_000);
  down = false;
  const probe = upstreams.send(call());
  const second = await refusal(clock, upstreams.send(call()));
  assert.equal(second.code, 'upstream_refused', 'one probe at a time');
  await (await settled(clock, probe)).whole();
  assert.equal(state(), 'closed');
  assert.equal(upstreams.health()[0]?.failures, 0);
});

test('while the breaker is open the fallback answers at once', async (t) => {
  const bad = await rawProvider(t, ({ socket }) => socket.write(answered(500, 'down')));
  const good = await rawProvider(t, ({ socket }) => socket.write(answered(200, 'yes')));
  const { upstreams, clock } = opened(t, [
    definition({ url: bad.url, retries: once, breaker: { failures: 1, openMs: 10_000 } }),
    definition({ name: 'b', url: good.url }),
  ]);
  for (let i = 0; i < 3; i++) {
    const answer = await settled(clock, upstreams.send(call({}, 'a', 'b')));
    assert.equal(answer.upstream, 'b');
    await answer.whole();
  }
  assert.equal(bad.asked.length, 1);
});

test('answers that break off in the middle open the breaker too', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
  });
  const breaker = { failures: 3, openMs: 10_000 };
  const { upstreams, clock } = opened(t, [definition({ url: provider.url, breaker })]);
  for (let i = 0; i < 3; i++) {
    const answer = await settled(clock, upstreams.send(call()));
    await refusal(clock, answer.whole());
  }
  assert.equal(upstreams.health()[0]?.breaker, 'open');
});

test('a caller that leaves says nothing of the upstream', async (t) => {
  const provider = await rawProvider(t, () => {});
  const breaker = { failures: 1, openMs: 10_000 };
  const { upstreams, clock } = opened(t, [definition({ url: provider.url, breaker })]);
  const leaving = new AbortController();
  const sent = upstreams.send(call({ signal: leaving.signal }));
  await provider.reached(1);
  leaving.abort();
  assert.equal((await refusal(clock, sent)).code, 'timed_out');
  assert.equal(upstreams.health()[0]?.breaker, 'closed');
  assert.equal(upstreams.health()[0]?.inFlight, 0);
});

test('whatever happens, at most one probe is under way and the breaker can close again', () => {
  const step = fc.constantFrom('enter', 'answered', 'failed', 'left', 'succeeded', 'wait');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (steps, n) => {
      const clock = new ManualClock();
      const breaker = new Breaker({ failures: n, openMs: 100 }, clock);
      const passes: Pass[] = [];
      for (const one of steps) {
        if (one === 'wait') clock.pass(60);
        else if (one === 'succeeded') breaker.succeeded();
        else if (one === 'enter') {
          const pass = breaker.enter();
          if (pass !== null) passes.push(pass);
        } else {
          const pass = passes.shift();
          if (pass !== undefined) breaker[one](pass);
        }
        assert.ok(passes.filter((pass) => pass === 'probe').length <= 1);
      }
      for (const pass of passes) breaker.left(pass);
      clock.pass(100);
      const pass = breaker.enter();
      assert.notEqual(pass, null);
      breaker.answered(pass as Pass);
      assert.equal(breaker.state, 'closed');
    }),
  );
});
