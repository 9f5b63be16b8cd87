import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { Frontier } from './frontier.ts';
import { emptyRoot, foldHashes, leafHash, nodeHash } from './hash.ts';
import { type Proof, provesConsistency, provesInclusion } from './proof.ts';
import { proveConsistency, proveInclusion, type ReadNode, rootOf } from './prover.ts';

const most = 300;
const leaves = Array.from({ length: most }, (_, i) => leafHash(Buffer.from(`entry ${i}`)));

// RFC 6962 section 2.1, word for word.
function naiveRoot(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return createHash('sha256').digest();
  if (hashes.length === 1) return hashes[0] as Uint8Array;
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  const [left, right] = [naiveRoot(hashes.slice(0, k)), naiveRoot(hashes.slice(k))];
  return createHash('sha256')
    .update(Buffer.from([1]))
    .update(left)
    .update(right)
    .digest();
}

const roots = Array.from({ length: most + 1 }, (_, size) => naiveRoot(leaves.slice(0, size)));
const root = (size: number): Uint8Array => roots[size] as Uint8Array;

const read: ReadNode = async (height, index) => {
  const span = 2 ** height;
  return naiveRoot(leaves.slice(index * span, (index + 1) * span));
};

const flip = (hash: Uint8Array, bit: number): Uint8Array => {
  const copy = Uint8Array.from(hash);
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
};

test('hashes are those of RFC 6962 (A4)', () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  // The vectors of the Certificate Transparency reference code.
  assert.equal(hex(emptyRoot), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  const leaf = leafHash(new Uint8Array(0));
  assert.equal(hex(leaf), '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  const one = leafHash(Buffer.from([0]));
  assert.equal(hex(one), '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7');
  const two = nodeHash(leaf, one);
  assert.equal(hex(two), 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125');
});

test('the frontier has the root of the naive tree at every size (A4)', () => {
  const frontier = Frontier.empty();
  for (let size = 0; size <= most; size++) {
    assert.deepEqual(Buffer.from(frontier.root()), Buffer.from(root(size)));
    const again = Frontier.from(size, frontier.bytes());
    assert.deepEqual(Buffer.from(again.root()), Buffer.from(root(size)));
    assert.deepEqual(Buffer.from(foldHashes(leaves.slice(0, size))), Buffer.from(root(size)));
    if (size < most) frontier.append(leaves[size] as Uint8Array);
  }
});

test('the frontier tells of every complete subtree once', () => {
  const frontier = Frontier.empty();
  const seen = new Map<number, number>();
  for (const leaf of leaves) {
    frontier.append(leaf, (height, hash) => {
      const index = seen.get(height) ?? 0;
      seen.set(height, index + 1);
      const span = 2 ** height;
      assert.deepEqual(
        Buffer.from(hash),
        Buffer.from(naiveRoot(leaves.slice(index * span, (index + 1) * span))),
      );
    });
  }
  for (const [height, count] of seen) assert.equal(count, Math.floor(most / 2 ** height));
});

test('a frontier of the wrong length is refused', () => {
  const frontier = Frontier.empty();
  for (const leaf of leaves.slice(0, 7)) frontier.append(leaf);
  assert.throws(() => Frontier.from(6, frontier.bytes()), TypeError);
  assert.throws(() => Frontier.from(-1, new Uint8Array(0)), TypeError);
  assert.throws(() => Frontier.from(7, frontier.bytes().subarray(1)), TypeError);
});

test('every entry of every tree is proven, and nowhere else (A4, E5)', async () => {
  for (let size = 1; size <= 70; size++) {
    assert.deepEqual(Buffer.from(await rootOf(size, read)), Buffer.from(root(size)));
    for (let index = 0; index < size; index++) {
      const proof = await proveInclusion(index, size, read);
      const leaf = leaves[index] as Uint8Array;
      assert.ok(provesInclusion(proof, index, size, leaf, root(size)));
      assert.ok(!provesInclusion(proof, index, size, leaves[index + 1] as Uint8Array, root(size)));
      assert.ok(!provesInclusion(proof, index + 1, size, leaf, root(size)));
      assert.ok(!provesInclusion(proof, index, size, leaf, root(size - 1)));
    }
  }
});

test('every tree continues every smaller one, and no other (A4)', async () => {
  for (let size = 0; size <= 70; size++) {
    for (let old = 0; old <= size; old++) {
      const proof = await proveConsistency(old, size, read);
      assert.ok(provesConsistency(proof, old, size, root(old), root(size)));
      if (old === 0) continue;
      assert.ok(!provesConsistency(proof, old, size, root(old + 100), root(size)));
      assert.ok(!provesConsistency(proof, old, size, root(old), root(size + 100)));
    }
  }
});

test('no changed proof proves anything (A4)', async () => {
  const cut = fc.record({
    size: fc.integer({ min: 2, max: most }),
    at: fc.nat(),
    bit: fc.integer({ min: 0, max: 255 }),
    hash: fc.nat(),
    how: fc.constantFrom('flip', 'drop', 'add', 'swap', 'repeat'),
  });
  const changed = (
    proof: Proof,
    { how, hash, bit }: { how: string; hash: number; bit: number },
  ) => {
    const copy = [...proof];
    const at = copy.length === 0 ? 0 : hash % copy.length;
    if (how === 'flip' && copy.length > 0) copy[at] = flip(copy[at] as Uint8Array, bit);
    else if (how === 'drop' && copy.length > 0) copy.splice(at, 1);
    else if (how === 'swap' && copy.length > 1) copy.push(copy.shift() as Uint8Array);
    else if (how === 'repeat' && copy.length > 0) copy.splice(at, 0, copy[at] as Uint8Array);
    else copy.push(flip(emptyRoot, bit));
    return copy;
  };
  await fc.assert(
    fc.asyncProperty(cut, async (how) => {
      const index = how.at % how.size;
      const leaf = leaves[index] as Uint8Array;
      const inclusion = changed(await proveInclusion(index, how.size, read), how);
      assert.ok(!provesInclusion(inclusion, index, how.size, leaf, root(how.size)));
      const old = 1 + (how.at % (how.size - 1));
      const consistency = changed(await proveConsistency(old, how.size, read), how);
      assert.ok(!provesConsistency(consistency, old, how.size, root(old), root(how.size)));
    }),
    { seed: 6962, numRuns: 300 },
  );
});

test('sizes and indexes that are none prove nothing', () => {
  const leaf = leaves[0] as Uint8Array;
  for (const [index, size] of [
    [0, 0],
    [1, 1],
    [-1, 1],
    [0.5, 1],
    [0, Number.NaN],
    [0, 2 ** 53],
  ] as const) {
    assert.ok(!provesInclusion([], index, size, leaf, leaf));
  }
  assert.ok(!provesConsistency([], 2, 1, leaf, leaf));
  assert.ok(!provesConsistency([], -1, 1, leaf, leaf));
  assert.ok(!provesConsistency([], 1, Number.POSITIVE_INFINITY, leaf, leaf));
});
