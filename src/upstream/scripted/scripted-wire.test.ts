import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  call,
  definition,
  opened,
  refusal,
  settled,
  until,
} from '../../../test/upstream/opened.ts';

function scripted(t: TestContext, rules: readonly unknown[]) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-script-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const script = join(folder, 'script.json');
  writeFileSync(script, JSON.stringify({ models: ['m-1'], rules }));
  const breaker = { failures: 5, openMs: 10_000 };
  const { apiKey: _, ...rest } = definition({ kind: 'scripted', script, breaker });
  return opened(t, [rest]);
}

test('a scripted upstream answers as one on the network does', async (t) => {
  const { upstreams, clock } = scripted(t, [{ reply: { text: 'hello there' } }]);
  const answer = await settled(clock, upstreams.send(call()));
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'application/json');
  const body = JSON.parse((await answer.whole()).toString());
  assert.equal(body.choices[0].message.content, 'hello there');
  assert.equal(upstreams.health()[0]?.kind, 'scripted');
});

test('its errors are retried and open its breaker', async (t) => {
  const { upstreams, clock } = scripted(t, [{ reply: { error: { status: 503 } } }]);
  const error = await refusal(clock, upstreams.send(call()));
  assert.equal(error.attempts.length, 3);
  await refusal(clock, upstreams.send(call()));
  assert.equal((await refusal(clock, upstreams.send(call()))).code, 'upstream_refused');
});

test('its pieces come in their time, and stop when the caller leaves', async (t) => {
  const chunks = ['a', { text: 'b', delayMs: 500 }, { text: 'c', delayMs: 500 }];
  const { upstreams, clock } = scripted(t, [{ reply: { chunks } }]);
  const leaving = new AbortController();
  const sent = upstreams.send(call({ stream: true, signal: leaving.signal }));
  const answer = await settled(clock, sent);
  let heard = '';
  const read = answer.each((chunk) => {
    heard += chunk.toString();
  });
  await until(clock, () => heard.includes('"a"'));
  assert.ok(!heard.includes('"b"'));
  clock.pass(500);
  assert.ok(heard.includes('"b"'));
  leaving.abort();
  assert.equal((await refusal(clock, read)).code, 'timed_out');
  clock.pass(5_000);
  assert.ok(!heard.includes('"c"'));
  assert.equal(clock.pending, 0);
});

test('a reader that is busy holds it back', async (t) => {
  const chunks = Array.from({ length: 8 }, () => 'x'.repeat(40_000));
  const { upstreams, clock } = scripted(t, [{ reply: { chunks } }]);
  const answer = await settled(clock, upstreams.send(call({ stream: true })));
  let events = 0;
  await answer.each(async () => {
    events++;
    await new Promise((resolve) => setImmediate(resolve));
  });
  assert.equal(events, 11);
});

test('a scripted upstream without a file, or with a bad one, is refused', (t) => {
  const { script: _, ...none } = definition({ kind: 'scripted' });
  assert.throws(() => opened(t, [none]), /`upstreams\.a\.script` is missing/);
  assert.throws(() => opened(t, [{ ...none, script: '/nowhere' }]), /cannot be read/);
  assert.throws(
    () => opened(t, [{ ...none, url: 'https://x.example', kind: 'openai', maxAnswerBytes: 0 }]),
    /maxAnswerBytes: 0/,
  );
  const one = definition({ url: 'https://x.example' });
  assert.throws(() => opened(t, [one, one]), /defined twice/);
});
