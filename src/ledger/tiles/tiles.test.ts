import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { LogTree } from '../sequence/log-tree.ts';
import { foldHashes, leafHash } from '../tree/hash.ts';
import { provesConsistency, provesInclusion } from '../tree/proof.ts';
import { proveConsistency, proveInclusion } from '../tree/prover.ts';
import { mostEntryBytes, packEntries, unpackEntries } from './entry-bundle.ts';
import { nodesFromTiles, type ReadTile, tilesOf, tileWidth, widthIn } from './tile.ts';
import { entriesPath, parseLogPath, tilePath } from './tile-path.ts';

test('paths are those of C2SP tlog-tiles (A4)', () => {
  assert.equal(tilePath(0, 0), 'tile/0/000');
  assert.equal(tilePath(0, 1_234_067), 'tile/0/x001/x234/067');
  assert.equal(tilePath(2, 5, 17), 'tile/2/005.p/17');
  assert.equal(entriesPath(1_234_067, 8), 'tile/entries/x001/x234/067.p/8');
  assert.deepEqual(parseLogPath('checkpoint'), { kind: 'checkpoint' });
});

test('every path has one spelling', () => {
  const index = fc.integer({ min: 0, max: 2 ** 45 - 1 });
  const width = fc.integer({ min: 1, max: 256 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 63 }), index, width, (level, at, wide) => {
      const tile = { kind: 'tile', level, index: at, width: wide };
      assert.deepEqual(parseLogPath(tilePath(level, at, wide)), tile);
      const entries = { kind: 'entries', index: at, width: wide };
      assert.deepEqual(parseLogPath(entriesPath(at, wide)), entries);
    }),
    { seed: 1 },
  );
  for (const bad of [
    'tile/0/0',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p',
    'tile/0/000/',
    '/tile/0/000',
    'tile/0/../000',
    'tile/0/٠٠٠',
    'tile/entries',
    'tile/0/x999/x999/x999/x999/x999/999',
    'key',
    '',
  ]) {
    assert.equal(parseLogPath(bad), null, bad);
  }
});

test('paths are refused or give back the very text (fuzz)', () => {
  const piece = fc.constantFrom(
    'tile',
    '/',
    'entries',
    '0',
    '63',
    '000',
    'x001',
    '.p',
    '7',
    '256',
    '..',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece).map((all) => all.join('')),
        fc.string(),
      ),
      (path) => {
        const place = parseLogPath(path);
        if (place === null || place.kind === 'checkpoint') return;
        const { index, width } = place;
        const text =
          place.kind === 'tile' ? tilePath(place.level, index, width) : entriesPath(index, width);
        assert.equal(text, path);
      },
    ),
    { seed: 2, numRuns: 5000 },
  );
});

test('bundles of entries survive, and cut ones are refused', () => {
  const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
  fc.assert(
    fc.property(entries, fc.nat(), (all, at) => {
      const bundle = packEntries(all);
      assert.deepEqual(
        unpackEntries(bundle)?.map((entry) => Buffer.from(entry)),
        all.map((entry) => Buffer.from(entry)),
      );
      const cut = unpackEntries(bundle.subarray(0, at % (bundle.length + 1)));
      assert.ok(cut === null || cut.length <= all.length);
    }),
    { seed: 3 },
  );
  assert.equal(
    unpackEntries(packEntries([Buffer.alloc(mostEntryBytes)]))?.[0]?.length,
    mostEntryBytes,
  );
  assert.throws(() => packEntries([Buffer.alloc(mostEntryBytes + 1)]), RangeError);
  assert.equal(unpackEntries(Buffer.from([0])), null);
  assert.equal(unpackEntries(Buffer.from([0, 2, 1])), null);
});

test('the tiles of a tree are those of the specification', () => {
  // The example of C2SP tlog-tiles: 70,000 entries.
  const tiles = [...tilesOf(70_000)];
  const full = (level: number) =>
    tiles.filter((tile) => tile.level === level && tile.width === tileWidth).length;
  assert.deepEqual([full(0), full(1), full(2)], [273, 1, 0]);
  const partial = tiles.filter(({ width }) => width < tileWidth);
  assert.deepEqual(partial, [
    { level: 0, index: 273, width: 112 },
    { level: 1, index: 1, width: 17 },
    { level: 2, index: 0, width: 1 },
  ]);
  assert.deepEqual(
    [...tilesOf(256)],
    [
      { level: 0, index: 0, width: 256 },
      { level: 1, index: 0, width: 1 },
    ],
  );
  assert.deepEqual([...tilesOf(0)], []);
});

test('proofs out of the tiles of a growing log hold, over three levels (A4)', async () => {
  const size = 66_000;
  const leaves = Array.from({ length: size }, (_, i) => leafHash(Buffer.from(String(i))));
  const stored = new Map<string, Uint8Array>();
  let tree = LogTree.empty();
  const heads = new Map<number, Uint8Array>([[0, tree.frontier.root()]]);
  for (const step of [1, 255, 1, 743, 24_000, 40_536, 464]) {
    const { tree: next, tiles } = tree.extended(leaves.slice(tree.size, tree.size + step));
    for (const { level, index, hashes, root } of tiles) {
      assert.deepEqual(Buffer.from(foldHashes(split(hashes))), Buffer.from(root));
      stored.set(tilePath(level, index), hashes);
    }
    tree = next;
    heads.set(tree.size, tree.frontier.root());
  }
  assert.equal(tree.size, size);
  const read: ReadTile = async (level, index, width) => {
    const full = stored.get(tilePath(level, index));
    assert.equal(width, widthIn(size, level, index));
    const hashes = full ?? tree.edge(level);
    assert.equal(hashes.length, width * 32);
    return hashes;
  };
  const nodes = nodesFromTiles(size, read);
  const root = tree.frontier.root();
  for (const index of [0, 1, 255, 256, 65_535, 65_536, 65_999]) {
    const proof = await proveInclusion(index, size, nodes);
    assert.ok(provesInclusion(proof, index, size, leaves[index] as Uint8Array, root), `${index}`);
  }
  for (const [old, oldRoot] of heads) {
    const proof = await proveConsistency(old, size, nodes);
    assert.ok(provesConsistency(proof, old, size, oldRoot, root), `${old}`);
  }
});

function split(hashes: Uint8Array): Uint8Array[] {
  return Array.from({ length: hashes.length / 32 }, (_, i) => hashes.subarray(i * 32, i * 32 + 32));
}
