import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Gathered } from './index.ts';

test('pieces come out whole and in order, whatever their sizes', () => {
  const piece = fc.uint8Array({ maxLength: 2_000 });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 700 }), (all) => {
      const gathered = new Gathered();
      for (const one of all) gathered.add(Buffer.from(one));
      assert.deepEqual(gathered.whole(), Buffer.concat(all));
      assert.equal(gathered.size, gathered.whole().length);
    }),
    { numRuns: 20 },
  );
});

test('a body that comes byte by byte is not kept byte by byte (I4)', () => {
  const gathered = new Gathered();
  for (let i = 0; i < 100_000; i++) gathered.add(Buffer.from([i & 255]));
  assert.equal(gathered.size, 100_000);
  assert.ok(gathered.kept < 1_000, String(gathered.kept));
});
