import type pg from 'pg';
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
const answer = ' select count(*)::int as moved from head';
const plain = headAndEntries + answer;
const withTiles = `${headAndEntries}, tiles as (
    insert into log_tile (level, index, hashes, root)
    select level, index, substring($14::bytea from (n * 8192 - 8191)::int for 8192),
      substring($15::bytea from (n * 32 - 31)::int for 32)
    from head, unnest($12::smallint[], $13::bigint[]) with ordinality as tile (level, index, n)
  )${answer}`;

/**
 * Appends entries behind `before`, whose extension by them is `after`. False, with nothing
 * written, when the head of the log is not at `before`.
 *
 * INVARIANT: head, entries and full tiles change in one statement or not at all.
 */
export async function appendRows(
  client: Pick<pg.ClientBase, 'query'>,
  before: LogTree,
  after: LogTree,
  rows: readonly EntryRow[],
  tiles: readonly FullTile[],
  at: number,
): Promise<boolean> {
  const starts: number[] = [];
  let start = 1;
  for (const { data } of rows) {
    starts.push(start);
    start += data.length;
  }
  // Arrays as text and bytes as one value: `pg` would write an array of buffers in hexadecimal.
  const values: unknown[] = [
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
  if (tiles.length > 0) {
    values.push(
      `{${tiles.map(({ level }) => level).join()}}`,
      `{${tiles.map(({ index }) => index).join()}}`,
      Buffer.concat(tiles.map(({ hashes }) => hashes)),
      Buffer.concat(tiles.map(({ root }) => root)),
    );
  }
  const name = tiles.length > 0 ? 'ledger-append-tiles' : 'ledger-append';
  const text = tiles.length > 0 ? withTiles : plain;
  const { rows: answers } = await client.query<{ moved: number }>({ name, text, values });
  return answers[0]?.moved === 1;
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
