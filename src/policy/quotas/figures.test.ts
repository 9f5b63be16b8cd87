import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { caller } from '../../../test/policy/quota-world.ts';
import { GatehouseError } from '../../kernel/index.ts';
import { bucketAffixes, bucketId, bucketName } from './bucket.ts';
import { costOf, most, whole } from './price.ts';
import type { Quota } from './quota.ts';
import { rulesOf } from './rule.ts';
import { Windows, windowAt } from './window.ts';

const quota: Quota = { id: 'q', of: 'agent', measure: 'tokens', limit: 1, per: 'day' };

function refused(about: RegExp) {
  return (error: unknown) =>
    error instanceof GatehouseError && error.code === 'bad_config' && about.test(error.message);
}

test('windows are those of the calendar in UTC, leap days and year ends included', () => {
  const at = Date.parse('2028-02-29T23:59:59.999Z');
  assert.deepEqual(windowAt('minute', at), {
    start: '2028-02-29T23:59',
    ends: Date.parse('2028-03-01T00:00:00Z'),
  });
  assert.equal(windowAt('hour', at).start, '2028-02-29T23');
  assert.equal(windowAt('day', at).start, '2028-02-29');
  assert.deepEqual(windowAt('month', at), {
    start: '2028-02',
    ends: Date.parse('2028-03-01T00:00:00Z'),
  });
  assert.equal(
    windowAt('month', Date.parse('2026-12-31T23:59:59Z')).ends,
    Date.parse('2027-01-01T00:00:00Z'),
  );
  assert.deepEqual(windowAt('ever', at), { start: '', ends: null });
});

test('what is remembered of windows is what would be worked out, clocks set back included', () => {
  const time = fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_000 + 3 * 86_400_000 });
  const period = fc.constantFrom('minute', 'hour', 'day', 'month', 'ever');
  fc.assert(
    fc.property(fc.array(fc.tuple(period, time)), (asked) => {
      const windows = new Windows();
      for (const [per, now] of asked) assert.deepEqual(windows.at(per, now), windowAt(per, now));
    }),
  );
});

test('a cost is exact and rounded up once, to a billionth of a dollar (M5)', () => {
  const cost = costOf({
    a: { input: 3, output: 15, cachedInput: 0.3 },
    odd: { input: 0.0375, output: 0.15 },
    free: { input: 0, output: 0 },
  });
  assert.equal(cost('a', { input: 1_000_000, output: 1_000_000, cached: 0 }), 18_000_000_000);
  assert.equal(cost('a', { input: 1000, output: 0, cached: 1000 }), 300_000);
  // A cache cannot have served more than went in.
  assert.equal(cost('a', { input: 10, output: 0, cached: 99 }), 3_000);
  assert.equal(cost('odd', { input: 1, output: 0, cached: 0 }), 38);
  assert.equal(cost('odd', { input: 2, output: 1, cached: 0 }), 225);
  assert.equal(cost('odd', { input: 4, output: 0, cached: 4 }), 150);
  assert.equal(cost('free', { input: most, output: most, cached: 0 }), 0);
  assert.equal(cost('a', { input: most, output: most, cached: 0 }), most);
  assert.equal(cost('none', { input: 1, output: 1, cached: 0 }), null);
  assert.equal(cost('toString', { input: 1, output: 1, cached: 0 }), null);
});

test('a price of decimals means what it says', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100_000_000 }),
      fc.integer({ min: 0, max: 10_000_000 }),
      (millionths, tokens) => {
        const price = millionths / 1_000_000;
        const nanos = costOf({ m: { input: price, output: 0 } })('m', {
          input: tokens,
          output: 0,
          cached: 0,
        });
        const exact = BigInt(millionths) * 1000n * BigInt(tokens);
        assert.equal(nanos, Number((exact + 999_999n) / 1_000_000n));
      },
    ),
  );
});

test('what is no price is told at the start', () => {
  for (const input of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2_000_000]) {
    assert.throws(() => costOf({ m: { input, output: 1 } }), refused(/model `m`/));
    assert.throws(() => costOf({ m: { input: 1, output: input } }), refused(/model `m`/));
    assert.throws(() => costOf({ m: { input: 1, output: 1, cachedInput: input } }), refused(/`m`/));
  }
});

test('what is no count is the largest there is', () => {
  assert.deepEqual([0, 1, 1.5].map(whole), [0, 1, 2]);
  for (const odd of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e300])
    assert.equal(whole(odd), most);
});

test('no two holders, quotas or windows share a bucket, and an id can be read back (M5)', () => {
  // Any UTF-16, halves of characters and NUL among it, and what JSON escapes.
  const unit = fc.oneof(
    fc.integer({ min: 0, max: 0xffff }),
    fc.constantFrom(0, 34, 44, 92, 0xd800),
  );
  const text = fc.array(unit, { maxLength: 250 }).map((units) => String.fromCharCode(...units));
  const place = fc.record({ holder: text, start: fc.constantFrom('', '2026-01', '2026-01-01') });
  fc.assert(
    fc.property(place, place, (one, other) => {
      const id = bucketId(quota, one.holder, one.start);
      const same = one.holder === other.holder && one.start === other.start;
      assert.equal(id === bucketId(quota, other.holder, other.start), same);
      assert.ok(Buffer.from(id).toString() === id && !id.includes('\0') && id.length < 2600);
      const [begin, end] = bucketAffixes(quota, one.start);
      assert.ok(id.startsWith(begin) && id.endsWith(end));
      if (one.holder.length <= 200) assert.equal(bucketName(id)?.holder, one.holder);
    }),
  );
  const meanings: Partial<Quota>[] = [
    { id: 'p' },
    { of: 'owner' },
    { measure: 'money' },
    { per: 'hour' },
  ];
  const ids = [{}, ...meanings].map((more) => bucketId({ ...quota, ...more }, 'x', ''));
  assert.equal(new Set(ids).size, 5);
});

test('a quota that means nothing is told at the start', () => {
  const flaws: readonly (readonly [object, RegExp])[] = [
    [{ id: 'No' }, /no fit id/],
    [{ of: 'moon' }, /of: moon/],
    [{ measure: 'hours' }, /measure: hours/],
    [{ per: undefined }, /per: undefined/],
    [{ per: 'decade' }, /per: decade/],
    [{ measure: 'concurrency' }, /have no `per`/],
    [{ limit: 1.5 }, /whole number/],
    [{ limit: -1 }, /limit of `-1`/],
    [{ limit: Number.NaN }, /limit of `NaN`/],
    [{ measure: 'money', limit: 10_000_000 }, /dollars up to/],
  ];
  for (const [flaw, about] of flaws) {
    assert.throws(() => rulesOf([{ ...quota, ...flaw } as Quota]), refused(about));
  }
  assert.throws(() => rulesOf([quota, quota]), refused(/twice/));
  const [money] = rulesOf([{ ...quota, measure: 'money', limit: 0.1 + 0.2 }]);
  assert.equal(money?.limit, 300_000_000);
});

test('a person that calls without an agent shares no count with an agent', () => {
  const [rule] = rulesOf([quota]);
  const model = { id: 'm@1', groups: [] };
  const person = caller('ada', { kind: 'person', id: 'ada' });
  assert.equal(rule?.holder(person, model), 'person:ada');
  assert.equal(rule?.holder(caller('ada'), model), 'ada');
});
