import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { holds } from './content.ts';
import {
  amended,
  applyMasks,
  type GatehouseError,
  type Json,
  keysPath,
  type Mask,
  mergeMasks,
  partsOf,
} from './index.ts';

const other = () => 'other' as const;
const none = new Set<string>();

function strings(value: Json): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((inner) => strings(inner as Json));
}

test('every string of a content is a part, wherever it stands, and its names are too (D2)', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const content = value as Json;
      const parts = partsOf(content, other, none);
      const texts = parts.filter(({ path }) => path !== keysPath).map(({ text }) => text);
      assert.deepEqual(texts.sort(), strings(content).sort());
    }),
  );
  const [keys] = partsOf({ model: 1, 'sk-secret': 2 }, other, new Set(['model']));
  assert.deepEqual(keys, { path: keysPath, role: 'key', text: 'sk-secret' });
});

test('masking every part whole leaves no original text behind', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const content = value as Json;
      const parts = partsOf(content, other, none).filter(({ path }) => path !== keysPath);
      const masks = parts.map(({ path, text }) => ({
        path,
        start: 0,
        end: text.length,
        labels: ['x'],
      }));
      const after = amended(content, masks);
      assert.ok(strings(after).every((text) => text === '[masked:x]'));
      assert.equal(strings(after).length, parts.length);
    }),
  );
});

test('a part is found again by its pointer: `/`, `~`, `__proto__` and empty names', () => {
  const content = JSON.parse('{"a/b":"1","~":{"":"2"},"__proto__":"3","l":[["4"]]}');
  const before = structuredClone(content);
  for (const { path, text } of partsOf(content, other, none)) {
    if (path === keysPath) continue;
    const after = amended(content, [{ path, start: 0, end: text.length, labels: [text] }]);
    assert.equal(
      JSON.stringify(after),
      JSON.stringify(before).replace(`"${text}"`, `"[masked:${text}]"`),
    );
  }
  assert.equal(({} as Record<string, unknown>)['1'], undefined);
});

test('a judged content cannot be changed any more', () => {
  const content = { messages: [{ content: 'hi' }] };
  partsOf(content, other, none);
  assert.throws(() => content.messages.push({ content: 'later' }), TypeError);
  assert.throws(() => Object.assign(content.messages[0] as object, { content: 'x' }), TypeError);
});

test('ten thousand nested arrays do not exhaust the stack', () => {
  let deep: Json = 'end';
  for (let i = 0; i < 10_000; i++) deep = [deep];
  assert.equal(partsOf(deep, other, none)[0]?.text, 'end');
});

test('a mask that points outside the content is an error, not a silent pass', () => {
  for (const path of ['/b', '/a/x', '#keys', 'channel']) {
    const mask: Mask = { path, start: 0, end: 1, labels: ['x'] };
    assert.throws(() => amended({ a: 'text' }, [mask]), TypeError, path);
  }
});

test('merged masks never overlap, and masking twice with the same masks changes the text once', () => {
  const mask = fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 9 })).map(([start, length]) => ({
    path: '',
    start,
    end: Math.min(start + length, 24),
    labels: ['x'],
  }));
  fc.assert(
    fc.property(fc.array(mask), (masks) => {
      const merged = mergeMasks(masks);
      for (const [i, one] of merged.slice(1).entries())
        assert.ok(one.start >= (merged[i]?.end ?? 0));
      const text = 'abcdefghijklmnopqrstuvwx';
      const kept = [...text].filter((_, at) => !masks.some((m) => m.start <= at && at < m.end));
      assert.equal(applyMasks(text, merged).replaceAll('[masked:x]', ''), kept.join(''));
    }),
  );
});

test('a long name over many texts is refused before it fills the memory (I4)', () => {
  const content = { ['k'.repeat(1_000_000)]: Array<string>(200).fill('a') };
  assert.throws(
    () => partsOf(content, () => 'user', new Set()),
    (thrown: GatehouseError) => thrown.code === 'too_large',
  );
});

test('a million texts of one letter are refused, as many as a usual body has are not (I4)', () => {
  const texts = (count: number) => partsOf(Array<string>(count).fill('a'), () => 'user', new Set());
  assert.equal(texts(200_000).length, 200_000);
  assert.throws(
    () => texts(1_500_000),
    (thrown: GatehouseError) => thrown.code === 'too_large',
  );
});

test('each list is copied once, however many masks lie in it (I4)', () => {
  let copies = 0;
  const list = Array<string>(1000).fill('secret');
  const counted = new Proxy(list, {
    get(target, key, receiver) {
      if (key === Symbol.iterator) copies += 1;
      return Reflect.get(target, key, receiver);
    },
  });
  const masks = list.map((_, i) => ({ path: `/${i}`, start: 0, end: 6, labels: ['x'] }));
  assert.deepEqual(amended(counted, masks), Array<string>(1000).fill('[masked:x]'));
  assert.equal(copies, 1);
});

test('a member named `__proto__` is masked like any other', () => {
  const content = JSON.parse('{"a":{"__proto__":"secret"}}');
  const masks = [{ path: '/a/__proto__', start: 0, end: 6, labels: ['x'] }];
  assert.equal(JSON.stringify(amended(content, masks)), '{"a":{"__proto__":"[masked:x]"}}');
});

test('what is dropped is gone, and nothing else is: as if it had never been sent (M5)', () => {
  const content = {
    logprobs: true,
    include: ['a', 'message.output_text.logprobs', 'b'],
    kept: { deep: [{ x: 'secret', y: 'open' }] },
  };
  const masks = [{ path: '/kept/deep/0/x', start: 0, end: 6, labels: ['secret'] }];
  assert.deepEqual(amended(content, masks, ['/logprobs', '/include/1']), {
    include: ['a', 'b'],
    kept: { deep: [{ x: '[masked:secret]', y: 'open' }] },
  });
  // A mask inside of what is dropped goes with it.
  assert.deepEqual(amended(content, masks, ['/kept/deep', '/include/0', '/include/2']), {
    logprobs: true,
    include: ['message.output_text.logprobs'],
    kept: {},
  });
  assert.equal(content.include.length, 3);
  assert.throws(() => amended(content, [], ['']), TypeError);
  assert.throws(() => amended(content, [], ['/nothing/here']), TypeError);
});

test('a pointer holds exactly where a member or an element stands (M5)', () => {
  const content = { a: [null, { 'b/c': 1 }], __proto__x: 0 };
  for (const path of ['/a', '/a/0', '/a/1/b~1c']) assert.equal(holds(content, path), true, path);
  for (const path of ['', 'a', '/a/2', '/a/01', '/a/-1', '/a/length', '/toString', '/a/0/x']) {
    assert.equal(holds(content, path), false, path);
  }
});
