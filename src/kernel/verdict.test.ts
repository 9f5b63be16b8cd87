import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allow, deny, join, levels, passes, stricter, type Verdict, verdict } from './index.ts';

const masks = fc.array(
  fc
    .record({
      path: fc.constantFrom('/a', '/b'),
      start: fc.nat(30),
      length: fc.integer({ min: 1, max: 12 }),
      labels: fc.subarray(['pii', 'secret', 'x'], { minLength: 1 }),
    })
    .map(({ path, start, length, labels }) => ({ path, start, end: start + length, labels })),
  { maxLength: 6 },
);
const drops = fc.array(fc.constantFrom('/a', '/b/0', '/b/1', '/c'), { maxLength: 4 });
const verdicts: fc.Arbitrary<Verdict> = fc
  .tuple(fc.constantFrom(...levels), masks, drops)
  .map(([level, spans, members]) => verdict(level, spans, members));

test('the join is commutative', () => {
  fc.assert(fc.property(verdicts, verdicts, (a, b) => assert.deepEqual(join(a, b), join(b, a))));
});

test('the join is associative', () => {
  const law = (a: Verdict, b: Verdict, c: Verdict) =>
    assert.deepEqual(join(join(a, b), c), join(a, join(b, c)));
  fc.assert(fc.property(verdicts, verdicts, verdicts, law), { numRuns: 500 });
});

test('the join is idempotent, `allow` is its unit and `deny` absorbs the level', () => {
  fc.assert(
    fc.property(verdicts, (a) => {
      assert.deepEqual(join(a, a), a);
      assert.deepEqual(join(a, allow), a);
      assert.equal(join(a, deny).level, 'deny');
    }),
  );
});

test('a join is never milder than what it joins, and only allow and amend pass', () => {
  fc.assert(
    fc.property(verdicts, verdicts, (a, b) => {
      const both = join(a, b).level;
      assert.equal(stricter(both, a.level), both);
      assert.equal(stricter(both, b.level), both);
      if (!passes(a.level)) assert.equal(passes(both), false);
    }),
  );
});

test('what either side takes away stays taken away in the join', () => {
  fc.assert(
    fc.property(verdicts, verdicts, (a, b) => {
      const joined = join(a, b);
      for (const path of [...a.drops, ...b.drops]) assert.ok(joined.drops.includes(path));
      const covered = (path: string, at: number) =>
        joined.masks.some((mask) => mask.path === path && mask.start <= at && at < mask.end);
      for (const mask of [...a.masks, ...b.masks]) {
        for (let at = mask.start; at < mask.end; at++) assert.ok(covered(mask.path, at));
      }
    }),
  );
});

test('there is no allow with masks', () => {
  const masked = verdict('allow', [{ path: '/a', start: 0, end: 1, labels: ['x'] }]);
  assert.equal(masked.level, 'amend');
});
