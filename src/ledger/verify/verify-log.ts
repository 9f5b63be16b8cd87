import type { Head } from '../note/checkpoint.ts';
import { LogTree } from '../sequence/log-tree.ts';
import { unpackEntries } from '../tiles/entry-bundle.ts';
import { hashesAt, hashesOf, tileWidth, widthIn } from '../tiles/tile.ts';
import { entriesPath, tilePath } from '../tiles/tile-path.ts';
import { hashBytes, leafHash, sameBytes } from '../tree/hash.ts';
import { checkCheckpoint, checkKey } from './checkpoint-check.ts';
import { entryIn } from './entry-check.ts';
import { type Steps, type Verification, verification } from './verification.ts';

/**
 * Reads one file of a log by its path (C2SP tlog-tiles): `checkpoint`, `tile/…`; `key` is its
 * verifier key. Null for what is not there. Where it comes from is its affair: a folder, a server.
 */
export type ReadLog = (path: string) => Promise<Uint8Array | null>;

export interface VerifyLogOptions {
  /** The verifier key, known from elsewhere. Without it the log's own word is taken, and told. */
  readonly key?: string;
  /** A checkpoint kept from earlier: the log must be a continuation of it. */
  readonly older?: string;
}

/**
 * Verifies a whole log: the signature, every entry, every tile and the root, and that it goes on
 * from an older checkpoint. Recomputes the tree from the entries alone. Offline, but for `read`.
 */
export function verifyLog(read: ReadLog, options: VerifyLogOptions = {}): Promise<Verification> {
  return verification(options.key !== undefined, async (steps) => {
    const own = options.key === undefined ? await textAt(read, 'key') : null;
    const key = checkKey(steps, options.key, own);
    const checkpoint = await textAt(read, 'checkpoint');
    if (checkpoint === null) return steps.wrong('checkpoint', 'the log has no `checkpoint`');
    const head = checkCheckpoint(steps, checkpoint, key);
    const older =
      options.older === undefined
        ? null
        : checkCheckpoint(steps, options.older, key, 'older checkpoint');
    if (older !== null && older.size > head.size) {
      const message = `the log holds ${head.size} entries, fewer than the ${older.size} of the older checkpoint`;
      return steps.wrong('consistency', message);
    }
    const tree = await checkEntries(steps, read, head, older);
    await checkEdges(steps, read, tree);
    if (!sameBytes(tree.frontier.root(), head.root)) {
      return steps.wrong('root', 'the entries do not give the root of the checkpoint');
    }
    steps.pass('root', `the tree of ${head.size} entries has the root of the checkpoint`);
  });
}

async function checkEntries(
  steps: Steps,
  read: ReadLog,
  head: Head,
  older: Head | null,
): Promise<LogTree> {
  let tree = LogTree.empty();
  checkOlder(steps, tree, [], older);
  for (let index = 0; tree.size < head.size; index++) {
    const leaves = await checkBundle(steps, read, index, widthIn(head.size, 0, index));
    checkOlder(steps, tree, leaves, older);
    const { tree: next, tiles } = tree.extended(leaves);
    for (const { level, index: at, hashes } of tiles) {
      if (level > 0) await checkTile(steps, read, level, at, hashes);
    }
    tree = next;
  }
  const detail = `all ${head.size} are there, in order, canonical, and give the hashes of their tiles`;
  steps.pass('entries', detail);
  if (older !== null) {
    const text = `the log continues the older checkpoint of ${older.size} entries`;
    steps.pass('consistency', text);
  }
  return tree;
}

/** The leaf hashes of a bundle whose every entry is sound and gives the hash in its tile. */
async function checkBundle(
  steps: Steps,
  read: ReadLog,
  index: number,
  width: number,
): Promise<Uint8Array[]> {
  const path = entriesPath(index, width);
  const bundle = (await read(path)) ?? (await read(entriesPath(index)));
  if (bundle === null) return steps.wrong('entries', `\`${path}\` is missing`);
  const entries = unpackEntries(bundle)?.slice(0, width);
  if (entries?.length !== width) {
    return steps.wrong('entries', `\`${path}\` does not hold ${width} entries`);
  }
  const tile = hashesOf(await tileAt(steps, read, 0, index, width));
  return entries.map((data, i) => {
    const at = index * tileWidth + i;
    const hash = leafHash(data);
    if (!sameBytes(hash, tile[i] as Uint8Array)) {
      const message = `entry ${at} does not give its hash in \`${tilePath(0, index, width)}\`: one of them was changed`;
      return steps.wrong('entries', message);
    }
    const entry = entryIn(data);
    if (typeof entry === 'string') return steps.wrong('entries', `entry ${at} ${entry}`);
    return hash;
  });
}

function checkOlder(
  steps: Steps,
  tree: LogTree,
  leaves: readonly Uint8Array[],
  older: Head | null,
): void {
  if (older === null || older.size < tree.size || older.size > tree.size + leaves.length) return;
  const then = tree.extended(leaves.slice(0, older.size - tree.size)).tree;
  if (sameBytes(then.frontier.root(), older.root)) return;
  const message = `the log is not a continuation of the older checkpoint: its first ${older.size} entries differ`;
  steps.wrong('consistency', message);
}

async function checkEdges(steps: Steps, read: ReadLog, tree: LogTree): Promise<void> {
  for (let level = 1; hashesAt(level, tree.size) > 0; level++) {
    const edge = tree.edge(level);
    const index = Math.floor(hashesAt(level, tree.size) / tileWidth);
    if (edge.length > 0) await checkTile(steps, read, level, index, edge);
  }
  steps.pass('tiles', 'every tile holds what the entries give');
}

async function checkTile(
  steps: Steps,
  read: ReadLog,
  level: number,
  index: number,
  hashes: Uint8Array,
): Promise<void> {
  const width = hashes.length / hashBytes;
  const found = await tileAt(steps, read, level, index, width);
  if (sameBytes(found, hashes)) return;
  steps.wrong('tiles', `\`${tilePath(level, index, width)}\` does not hold what the entries give`);
}

async function tileAt(
  steps: Steps,
  read: ReadLog,
  level: number,
  index: number,
  width: number,
): Promise<Uint8Array> {
  const path = tilePath(level, index, width);
  // A log may drop a partial tile once the full one is there.
  const found = (await read(path)) ?? (await read(tilePath(level, index)));
  if (found === null) return steps.wrong('tiles', `\`${path}\` is missing`);
  const hashes = found.subarray(0, width * hashBytes);
  const whole = found.length === width * hashBytes || found.length === tileWidth * hashBytes;
  if (!whole) return steps.wrong('tiles', `\`${path}\` does not hold ${width} hashes`);
  return hashes;
}

async function textAt(read: ReadLog, path: string): Promise<string | null> {
  const bytes = await read(path);
  return bytes === null ? null : Buffer.from(bytes).toString();
}
