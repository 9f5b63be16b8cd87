import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Dialect, dialectAt } from '../dialects/index.ts';
import { Holdback } from './holdback.ts';

const chat = dialectAt('/v1/chat/completions') as Dialect;

/** Judged texts and code units over a stream of which nothing is ever settled. */
function judged(events: number, channels: number): { parts: number; units: number; due: number } {
  const holdback = new Holdback(chat, { padding: null });
  const sum = { parts: 0, units: 0, due: 0 };
  for (let i = 0; i < events; i++) {
    const choices = [{ index: i % channels, delta: { content: 'word ' } }];
    holdback.push({ name: '', data: JSON.stringify({ choices }) });
    if (!holdback.due) continue;
    sum.due += 1;
    const parts = holdback.parts();
    sum.parts += parts.length;
    for (const { text } of parts) sum.units += text.length;
    holdback.release({}, []);
  }
  return sum;
}

test('what waits is not judged anew for every piece that comes (I4)', () => {
  assert.ok(judged(20_000, 1).units < 100 * 20_000 * 5);
  assert.ok(judged(20_000, 1_000).parts < 20 * 20_000);
});

test('where little waits, every event is judged as it comes', () => {
  const holdback = new Holdback(chat, { padding: null });
  for (let i = 0; i < 100; i++) {
    const choices = [{ index: 0, delta: { content: 'word sk-' } }];
    holdback.push({ name: '', data: JSON.stringify({ choices }) });
    assert.ok(holdback.due);
    const [part] = holdback.parts();
    holdback.release({ '/choices/0/message/content': (part?.text.length ?? 0) - 3 }, []);
  }
});

test('an event of two hundred thousand texts may wait like any other (I4)', () => {
  const holdback = new Holdback(chat, { padding: null, limit: 10_000_000 });
  const texts = Array.from({ length: 200_000 }, (_, i) => `t${i}`);
  holdback.push({ name: '', data: JSON.stringify({ choices: [], texts }) });
  holdback.parts();
  assert.equal(holdback.release({}, []), '');
  const parts = holdback.parts();
  const whole = Object.fromEntries(parts.map(({ path, text }) => [path, text.length]));
  assert.ok(holdback.release(whole, []).includes('t199999'));
});
