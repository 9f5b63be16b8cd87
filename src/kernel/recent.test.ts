import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Recent } from './index.ts';

test('it holds what was asked for lately, and never more than its size (I4)', () => {
  const keys = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 300 });
  fc.assert(
    fc.property(keys, fc.integer({ min: 2, max: 16 }), (asked, size) => {
      const recent = new Recent<number>(size);
      for (const key of asked) {
        recent.set(String(key), key);
        assert.equal(recent.get(String(key)), key);
      }
      const all = Array.from({ length: 41 }, (_, key) => key);
      const held = all.filter((key) => new Set(asked).has(key));
      // Asking renews, and so may turn out others while we count.
      const found = held.filter((key) => recent.get(String(key)) !== undefined).length;
      assert.ok(found <= size + 1, `${found} of ${size}`);
    }),
  );
});

test('what was deleted or cleared is gone, also from the older half', () => {
  const recent = new Recent<number>(4);
  for (const key of ['a', 'b', 'c']) recent.set(key, 1);
  recent.delete('a');
  assert.equal(recent.get('a'), undefined);
  recent.clear();
  assert.equal(recent.get('b') ?? recent.get('c'), undefined);
});
