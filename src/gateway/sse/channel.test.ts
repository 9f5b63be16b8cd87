import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyMasks, type Mask, mergeMasks } from '../../kernel/index.ts';
import { Channel } from './channel.ts';

const path = '/choices/0/message/content';
const mask = (start: number, end: number): Mask => ({ path, start, end, labels: ['x'] });

test('a mask that reaches over what is settled waits with all text from its start on (D2)', () => {
  const channel = new Channel(path);
  channel.append('0123456789');
  channel.part();
  channel.settle(6, [mask(4, 8)]);
  assert.equal(channel.decided, 4);
  channel.part();
  channel.settle(10, [mask(4, 8)]);
  assert.equal(channel.decided, 10);
  assert.equal(channel.passed('01234', 0, 5), '0123[masked:x]');
  assert.equal(channel.passed('56789', 5, 10), '89');
});

test('text that came after the question is not settled by its answer (D2)', () => {
  const channel = new Channel(path);
  channel.append('abc');
  channel.part();
  channel.append('def');
  channel.settle(6, []);
  assert.equal(channel.decided, 3);
  channel.settle(6, []);
  assert.equal(channel.decided, 3, 'one answer counts once');
});

test('a mask into what has left takes away the rest only, and is not drawn twice', () => {
  const channel = new Channel(path);
  channel.append('abc');
  channel.part();
  channel.settle(3, []);
  channel.append('def');
  assert.deepEqual(channel.part(), {
    path,
    role: 'assistant',
    text: 'abcdef',
    base: 0,
    released: 3,
  });
  channel.settle(6, [mask(0, 2), mask(1, 5)]);
  assert.equal(channel.passed('abc', 0, 3), 'abc');
  assert.equal(channel.passed('def', 3, 6), '[masked:x]f');
});

test('the context of a window is bounded, and begins with a whole character', () => {
  const channel = new Channel(path);
  for (let i = 0; i < 100; i++) {
    channel.append('x😀y');
    const { text, base = 0, released = 0 } = channel.part();
    assert.equal(base + text.length, 4 * (i + 1));
    assert.ok(released <= 129);
    assert.ok(text.isWellFormed());
    channel.settle(text.length, []);
  }
});

test('however text comes and is settled, what leaves is the whole text masked (D2)', () => {
  const span = fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 60 }));
  const step = fc.tuple(fc.integer({ min: 1, max: 90 }), fc.nat(300));
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1 }),
      fc.array(span, { maxLength: 6 }),
      (steps, spans) => {
        const length = steps.reduce((sum, [size]) => sum + size, 0);
        const whole = Array.from({ length }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
        const fits = spans.filter(([start, size]) => start + size <= length);
        const masks = mergeMasks(fits.map(([start, size]) => mask(start, start + size)));
        assert.equal(leaves(whole, steps, masks), applyMasks(whole, masks));
      },
    ),
    { numRuns: 500 },
  );
});

/** Takes the text through a channel in steps of a size, each with so much of its window settled. */
function leaves(
  whole: string,
  steps: readonly (readonly [number, number])[],
  masks: readonly Mask[],
) {
  const channel = new Channel(path);
  const slots: (readonly [number, number])[] = [];
  let out = '';
  let at = 0;
  for (const [n, [size, settled]] of steps.entries()) {
    channel.append(whole.slice(at, at + size));
    slots.push([at, at + size]);
    at += size;
    const { text, base = 0 } = channel.part();
    const seen = masks
      .filter((one) => one.end > base && one.start < base + text.length)
      .map((one) => mask(Math.max(0, one.start - base), Math.min(text.length, one.end - base)));
    // As an honest control would: a mask that may go on at the end is not settled.
    const open = masks.find((one) => one.start < at && one.end > at);
    const most = open === undefined ? text.length : open.start - base;
    channel.settle(n === steps.length - 1 ? text.length : Math.min(settled, most), seen);
    for (let slot = slots[0]; slot !== undefined && slot[1] <= channel.decided; slot = slots[0]) {
      out += channel.passed(whole.slice(...slot), ...slot);
      slots.shift();
    }
  }
  return out;
}
