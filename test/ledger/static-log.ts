import { canonical, type JsonObject } from '../../src/kernel/index.ts';
import { entriesPath, leafHash, tilePath } from '../../src/ledger/index.ts';
// What the log is made of, without a database: the door does not lead to it.
import { signCheckpoint } from '../../src/ledger/note/checkpoint.ts';
import { LogTree } from '../../src/ledger/sequence/log-tree.ts';
import { packEntries } from '../../src/ledger/tiles/entry-bundle.ts';
import { tilesOf } from '../../src/ledger/tiles/tile.ts';
import { signer } from './world.ts';

/** A log as its files, by path. Entry `n` is the same every time. */
export function staticLog(size: number, entryOf = exampleEntry): Map<string, Uint8Array> {
  const entries = Array.from({ length: size }, (_, n) => Buffer.from(entryOf(n)));
  const files = new Map<string, Uint8Array>();
  const { tree, tiles } = LogTree.empty().extended(entries.map(leafHash));
  for (const { level, index, hashes } of tiles) files.set(tilePath(level, index), hashes);
  for (const { level, index, width } of tilesOf(size)) {
    if (width < 256) files.set(tilePath(level, index, width), tree.edge(level));
    if (level > 0) continue;
    const from = index * 256;
    files.set(entriesPath(index, width), packEntries(entries.slice(from, from + width)));
  }
  const head = { origin: signer.name, size, root: tree.frontier.root() };
  files.set('checkpoint', Buffer.from(signCheckpoint(head, signer)));
  files.set('key', Buffer.from(`${signer.vkey}\n`));
  return files;
}

export function exampleEntry(n: number): string {
  const entry: JsonObject = {
    v: 1,
    kind: 'decision',
    at: '2026-01-02T03:04:05.678Z',
    trace: String(n % 7).padStart(32, '0'),
    n,
    level: n % 3 === 0 ? 'deny' : 'allow',
  };
  return canonical(entry);
}
