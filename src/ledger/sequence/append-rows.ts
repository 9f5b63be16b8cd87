import type pg from 'pg';
import { type BlobRow, blobInsert, blobParameters } from '../../store/index.ts';
import type { FullTile, LogTree } from './log-tree.ts';

/** An entry as it is stored. `trace` has 32 hexadecimal digits, or is null for what is no call. */
export interface EntryRow {
  readonly trace: string | null;
  readonly hash: Uint8Array;
  readonly data: Uint8Array;
}

// One statement moves the head and inserts what is behind it, so that a batch costs one round
// trip and is durable when it is answered. It does nothing when the head stands elsewhere.
const headAndEntries = `
  with head as (
    update log_head set size = $2, root = $3, frontier = $4, at = $5
    where id = 1 and size = $1 and root = $6
    returning size
  ), entries as (
    insert into log_entry (index, trace, hash, data)
    select $1::bigint + n - 1, trace, substring($7::bytea from (n * 32 - 31)::int for 32),
      substring($8::bytea from start for bytes)
    from head, unnest($9::uuid[], $10::int[], $11::int[])
      with ordinality as entry (trace, start, bytes, n)
  )`;
const entryParameters = 11;

const tilesFrom = (first: number) => `, tiles as (
    insert into log_tile (level, index, hashes, root)
    select level, index, substring($${first + 2}::bytea from (n * 8192 - 8191)::int for 8192),
      substring($${first + 3}::bytea from (n * 32 - 31)::int for 32)
    from head, unnest($${first}::smallint[], $${first + 1}::bigint[])
      with ordinality as tile (level, index, n)
  )`;
const tileParametersCount = 4;

interface Statement {
  readonly name: string;
  readonly text: string;
}

/**
 * `trusting`: the head may have moved, and then nothing is written. `locked`: it was just read under
 * a lock, and only a broken database would have moved it: the statement then fails.
 */
export type Trust = 'trusting' | 'locked';

const answer: Readonly<Record<Trust, string>> = {
  trusting: 'count(*)::int',
  locked: '1 / count(*)::int',
};

// Eight statements, each planned once: with and without full tiles, with and without bodies.
function statement(tiles: boolean, blobs: boolean, trust: Trust): Statement {
  const first = entryParameters + 1;
  const tilePart = tiles ? tilesFrom(first) : '';
  const blobAt = tiles ? first + tileParametersCount : first;
  const blobPart = blobs ? `, blobs as (${blobInsert(blobAt, 'head')})` : '';
  return {
    name: `ledger-append-${trust}${tiles ? '-tiles' : ''}${blobs ? '-blobs' : ''}`,
    text: `${headAndEntries}${tilePart}${blobPart} select ${answer[trust]} as moved from head`,
  };
}

const statementsOf = (trust: Trust) =>
  [false, true].map((tiles) => [false, true].map((blobs) => statement(tiles, blobs, trust)));
const statements: Readonly<Record<Trust, Statement[][]>> = {
  trusting: statementsOf('trusting'),
  locked: statementsOf('locked'),
};

/** What is appended in one step: entries with their bodies, and the tiles that they fill. */
export interface Appended {
  readonly rows: readonly EntryRow[];
  readonly blobs: readonly BlobRow[];
  readonly tiles: readonly FullTile[];
}

/**
 * Appends entries behind `before`, whose extension by them is `after`. False, with nothing
 * written, when the head of the log is not at `before`.
 *
 * INVARIANT: head, entries, bodies and full tiles change in one statement or not at all.
 */
export async function appendRows(
  client: Pick<pg.ClientBase, 'query'>,
  before: LogTree,
  after: LogTree,
  { rows, blobs, tiles }: Appended,
  at: number,
  trust: Trust,
): Promise<boolean> {
  const values = entryValues(before, after, rows, at);
  if (tiles.length > 0) values.push(...tileValues(tiles));
  if (blobs.length > 0) values.push(...blobParameters(blobs));
  const known = statements[trust][tiles.length > 0 ? 1 : 0]?.[
    blobs.length > 0 ? 1 : 0
  ] as Statement;
  const { rows: answers } = await client.query<{ moved: number }>({ ...known, values });
  return answers[0]?.moved === 1;
}

// Arrays as text and bytes as one value: `pg` would write an array of buffers in hexadecimal.
function entryValues(
  before: LogTree,
  after: LogTree,
  rows: readonly EntryRow[],
  at: number,
): unknown[] {
  const starts: number[] = [];
  let start = 1;
  for (const { data } of rows) {
    starts.push(start);
    start += data.length;
  }
  return [
    before.size,
    after.size,
    after.frontier.root(),
    after.frontier.bytes(),
    new Date(at).toISOString(),
    before.frontier.root(),
    Buffer.concat(rows.map(({ hash }) => hash)),
    Buffer.concat(rows.map(({ data }) => data)),
    `{${rows.map(({ trace }) => trace ?? 'null').join()}}`,
    `{${starts.join()}}`,
    `{${rows.map(({ data }) => data.length).join()}}`,
  ];
}

function tileValues(tiles: readonly FullTile[]): unknown[] {
  return [
    `{${tiles.map(({ level }) => level).join()}}`,
    `{${tiles.map(({ index }) => index).join()}}`,
    Buffer.concat(tiles.map(({ hashes }) => hashes)),
    Buffer.concat(tiles.map(({ root }) => root)),
  ];
}

/** True if exactly these entries stand at `first` and after, false if none of them does. */
export async function holdsRows(
  client: Pick<pg.ClientBase, 'query'>,
  first: number,
  rows: readonly EntryRow[],
): Promise<boolean> {
  const { rows: found } = await client.query<{ hash: Buffer }>(
    'select hash from log_entry where index >= $1 and index < $2 order by index',
    [first, first + rows.length],
  );
  return (
    found.length === rows.length &&
    rows.every(({ hash }, i) => Buffer.compare(hash, found[i]?.hash as Buffer) === 0)
  );
}
