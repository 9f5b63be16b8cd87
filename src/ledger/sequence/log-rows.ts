import type pg from 'pg';
import { GatehouseError } from '../../kernel/index.ts';
import { hashesAt, tileWidth } from '../tiles/tile.ts';
import { Frontier } from '../tree/frontier.ts';
import { emptyRoot, foldHashes, sameBytes } from '../tree/hash.ts';
import { LogTree } from './log-tree.ts';

type Queries = Pick<pg.ClientBase, 'query'>;

/** The row that says where the log ends. */
export interface HeadRow {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly frontier: Buffer;
}

// So many hashes of entries that others wrote are read at a time.
const step = 4096;

/** Makes the head of an empty log if there is none yet. */
export async function ensureHead(queries: Queries, origin: string, at: Date): Promise<void> {
  await queries.query(
    `insert into log_head (id, origin, size, root, frontier, at)
     values (1, $1, 0, $2, ''::bytea, $3) on conflict (id) do nothing`,
    [origin, Buffer.from(emptyRoot), at],
  );
}

/** @throws GatehouseError `unverified` when the head is gone. */
export function oneHead(rows: readonly HeadRow[]): HeadRow {
  const head = rows[0];
  if (head !== undefined) return head;
  throw damaged('the head of the log is missing from the table `log_head`');
}

export const selectHead = 'select origin, size, root, frontier from log_head where id = 1';

/**
 * The tree at the head. Goes on from `known`; a `known` that is empty is read from the tiles.
 *
 * INVARIANT: what this process knows of the log stays a part of it.
 *
 * @throws GatehouseError `unverified` when the stored hashes do not give the stored root, or the
 *   log is not a continuation of `known`.
 */
export async function treeAt(queries: Queries, head: HeadRow, known: LogTree): Promise<LogTree> {
  if (known.size === 0 && head.size > 0) return loaded(queries, head);
  let tree = known;
  while (tree.size < head.size) {
    const to = Math.min(head.size, tree.size + step);
    const hashes = await hashRows(queries, 0, tree.size, to);
    if (hashes.length !== to - tree.size) {
      throw damaged(`entries ${tree.size} to ${to - 1} are not all there`);
    }
    tree = tree.extended(hashes).tree;
  }
  if (tree.size !== head.size || !sameBytes(tree.frontier.root(), head.root)) {
    throw damaged(
      `it holds \`${head.size}\` entries that do not continue the \`${known.size}\` known`,
    );
  }
  return tree;
}

async function loaded(queries: Queries, head: HeadRow): Promise<LogTree> {
  const edges: Uint8Array[][] = [];
  for (let level = 0; hashesAt(level, head.size) > 0; level++) {
    const count = hashesAt(level, head.size);
    const from = count - (count % tileWidth);
    const found = await hashRows(queries, level, from, count);
    if (found.length !== count - from) {
      throw damaged(`hashes ${from} to ${count - 1} of level ${level} are not all there`);
    }
    edges.push(found);
  }
  const frontier = frontierOf(head);
  if (!sameBytes(frontier.root(), head.root) || !sameBytes(foldEdges(edges), head.root)) {
    throw damaged('the stored hashes do not give the stored root');
  }
  return new LogTree(frontier, edges);
}

function frontierOf(head: HeadRow): Frontier {
  try {
    return Frontier.from(head.size, head.frontier);
  } catch {
    throw damaged('the frontier in `log_head` does not fit its size');
  }
}

// From the lowest level up: what stands right of the last full tile closes that level.
function foldEdges(edges: readonly Uint8Array[][]): Uint8Array {
  let right: Uint8Array | null = null;
  for (const edge of edges) {
    const row = right === null ? edge : [...edge, right];
    if (row.length > 0) right = foldHashes(row);
  }
  return right ?? emptyRoot;
}

/** Hashes `from` to `to` (exclusive) of a level: of entries at level 0, of full tiles above. */
export async function hashRows(
  queries: Queries,
  level: number,
  from: number,
  to: number,
): Promise<Uint8Array[]> {
  if (level === 0) {
    const { rows } = await queries.query<{ hash: Buffer }>({
      name: 'ledger-leaf-hashes',
      text: 'select hash from log_entry where index >= $1 and index < $2 order by index',
      values: [from, to],
    });
    return rows.map(({ hash }) => hash);
  }
  const { rows } = await queries.query<{ root: Buffer }>({
    name: 'ledger-tile-roots',
    text: 'select root from log_tile where level = $1 and index >= $2 and index < $3 order by index',
    values: [level - 1, from, to],
  });
  return rows.map(({ root }) => root);
}

function damaged(what: string): GatehouseError {
  const mend = 'run `gatehouse verify`, then restore the database from a backup';
  return new GatehouseError('unverified', `the log in the database is damaged: ${what}; ${mend}`);
}
