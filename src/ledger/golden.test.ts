import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { exampleEntry, staticLog } from '../../test/ledger/static-log.ts';
import { signer } from '../../test/ledger/world.ts';
import { bundleFormat, bundleVersion, formatBundle } from './bundle/bundle.ts';
import { formatReceipt } from './note/receipt.ts';
import { hashesOf, nodesFromTiles } from './tiles/tile.ts';
import { tilePath } from './tiles/tile-path.ts';
import { proveInclusion } from './tree/prover.ts';
import { verifyBundle } from './verify/verify-bundle.ts';

// The bytes that left this house once must verify for ever. Written anew with UPDATE_GOLDEN=1.

const folder = join(import.meta.dirname, 'golden');
const size = 260;
const files = staticLog(size);
const checkpoint = Buffer.from(files.get('checkpoint') as Uint8Array).toString();

function golden(name: string, content: Uint8Array | string): void {
  const path = join(folder, name);
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  assert.deepEqual(Buffer.from(content), readFileSync(path), name);
}

async function receipt(index: number): Promise<string> {
  const nodes = nodesFromTiles(size, async (level, at, width) => {
    const tile = files.get(tilePath(level, at, width)) as Uint8Array;
    assert.equal(hashesOf(tile).length, width);
    return tile;
  });
  return formatReceipt({ index, proof: await proveInclusion(index, size, nodes), checkpoint });
}

test('checkpoint, key, tiles and entries are those of the first release (A4)', () => {
  for (const [path, content] of files) golden(`log/${path}`, content);
});

test('a receipt is that of the first release (E5)', async () => {
  golden('entry-7.tlog-proof', await receipt(7));
});

test('a bundle is that of the first release, and verifies (A4)', async () => {
  const entries = [];
  for (let index = 3; index < size; index += 7 * 20) {
    entries.push({ index, entry: exampleEntry(index), receipt: await receipt(index) });
  }
  const text = formatBundle({
    format: bundleFormat,
    version: bundleVersion,
    origin: signer.name,
    key: signer.vkey,
    checkpoint,
    trace: '3'.padStart(32, '0'),
    entries,
    bodies: [],
  });
  golden('bundle.json', text);
  assert.equal((await verifyBundle(text, { key: signer.vkey })).problem, null);
});
