import assert from 'node:assert/strict';
import { test } from 'node:test';
import { about, bound, control, handClock, memoryRecord } from '../../test/kernel/world.ts';
import { act, type Binding, decide, decideStream, type Part, type Subject } from './index.ts';

// Masks the word SECRET; what could be its beginning at the end of the text is not settled.
const word = bound(
  control(
    ({ parts }: Subject) => {
      const hits = parts.flatMap(({ path, text }) =>
        [...text.matchAll(/SECRET/g)].map((hit) => ({
          path,
          start: hit.index,
          end: hit.index + 6,
          labels: ['word'],
        })),
      );
      const settled = Object.fromEntries(
        parts.map(({ path, text }) => [
          path,
          text.length - (/(S|SE|SEC|SECR|SECRE)$/.exec(text)?.[0].length ?? 0),
        ]),
      );
      return hits.length > 0
        ? { level: 'amend', masks: hits, settled }
        : { level: 'allow', settled };
    },
    { stages: ['output'], windowed: true },
  ),
);
const inbound = bound(control(() => ({ level: 'allow' }), { stages: ['model'] }));

async function opened(...more: Binding[]) {
  const point = { bindings: [inbound, ...more], recorder: memoryRecord(), clock: handClock() };
  const before = await decide(point, [about('model')], { early: true });
  const template = { ...about('output'), names: new Set(['c0']) };
  return { point, template, stream: decideStream(point, template, before) };
}

const text = (value: string, more: Partial<Part> = {}): Part => ({
  path: 'c0',
  role: 'assistant',
  text: value,
  ...more,
});

test('a window settles what nothing later can change, and its permit covers that release (D2)', async () => {
  const { stream } = await opened(word);
  const window = await stream.judge([text('a SECRET and SEC')], false);
  assert.deepEqual(window.settled, { c0: 13 });
  assert.deepEqual(
    window.verdict.masks.map(({ start, end }) => [start, end]),
    [[2, 8]],
  );
  assert.ok(window.permit);
  assert.equal(await act(window.permit, window.subject, ({ masks }) => masks.length), 1);
  assert.deepEqual((await stream.judge([text('x SEC')], true)).settled, { c0: 5 });
});

test('a control that needs the whole answer holds all of it', async () => {
  const whole = bound(
    control(() => ({ level: 'allow' }), { stages: ['output'], id: 'test.whole' }),
  );
  const { stream } = await opened(word, whole);
  assert.equal(stream.waits, true);
  assert.equal((await opened(word)).stream.waits, false);
  assert.deepEqual(
    (await stream.judge([text('all fine'), { ...text('x', { whole: true }), path: 'flat' }], false))
      .settled,
    { c0: 0, flat: 0 },
  );
  assert.deepEqual((await stream.judge([text('all fine')], true)).settled, { c0: 8 });
});

test('a denial ends the stream for good, and the entry says so', async () => {
  const no = bound(
    control(
      ({ parts }) =>
        parts.some((part) => part.text.includes('bad'))
          ? { level: 'deny', code: 'bad', reason: 'no', settled: 'all' }
          : { level: 'allow', settled: 'all' },
      { stages: ['output'], windowed: true, id: 'test.no' },
    ),
  );
  const { point, stream } = await opened(word, no);
  assert.ok((await stream.judge([text('good')], false)).permit);
  assert.equal((await stream.judge([text('bad')], false)).permit, null);
  assert.equal((await stream.judge([text('good again')], false)).permit, null);
  const closing = await stream.close({});
  assert.equal(closing.permit, null);
  await closing.recorded;
  assert.equal(point.recorder.entries.at(-1)?.['level'], 'deny');
});

test('the closing entry holds each mask once, at its place in the channel', async () => {
  const { point, template, stream } = await opened(word);
  await stream.judge([text('a SECRET b')], false);
  await stream.judge([text('a SECRET b SEC', { released: 10 })], false);
  await stream.judge([text(' SECRET', { base: 10, released: 1 })], true);
  const closing = await stream.close({ facts: { ended: 'complete' } });
  assert.ok(closing.permit);
  assert.equal(await act(closing.permit, template, () => 'last bytes'), 'last bytes');
  const entry = point.recorder.entries.at(-1);
  assert.deepEqual(entry?.['masks'], [
    ['c0', 2, 8, 'word'],
    ['c0', 11, 17, 'word'],
  ]);
  assert.equal(entry?.['level'], 'amend');
});

test('no window may be released when the call itself is not on the record', async () => {
  const point = { bindings: [inbound, word], recorder: memoryRecord(), clock: handClock() };
  point.recorder.fail = true;
  const before = await decide(point, [about('model')], { early: true });
  const stream = decideStream(point, about('output'), before);
  const window = await stream.judge([text('hello')], true);
  assert.ok(window.permit);
  await assert.rejects(
    act(window.permit, window.subject, () => 'sent'),
    /cannot be written/,
  );
});
