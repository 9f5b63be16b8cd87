import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonical, type Json } from './index.ts';

test('RFC 8785, section 3.2.2 and 3.2.3: numbers, strings and the order of members', () => {
  const sample = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  };
  assert.equal(
    canonical(sample),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  const order = {
    '\u20ac': 1,
    '\r': 2,
    '\ufb33': 3,
    '1': 4,
    '\u{1f600}': 5,
    '\u0080': 6,
    '\u00f6': 7,
  };
  assert.deepEqual(
    [...canonical(order).matchAll(/:(\d)/g)].map((hit) => Number(hit[1])),
    [2, 4, 6, 7, 1, 5, 3],
  );
});

test('what canonical JSON says parses to the same, and says it again the same way', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = canonical(value as Json);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.equal(canonical(JSON.parse(text)), text);
    }),
  );
});

test('what JSON cannot say is refused', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, '\ud800', undefined, () => 1, 3n]) {
    assert.throws(() => canonical(bad as Json), TypeError, String(bad));
  }
});
