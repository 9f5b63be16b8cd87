import type pg from 'pg';
import { hyphenless } from './uuid.ts';

/** A sealed body as it stands in the table `blob`. */
export interface BlobRow {
  readonly id: string;
  readonly key_id: string;
  /** 32 hexadecimal digits. */
  readonly trace: string;
  readonly role: string;
  readonly sealed: Buffer;
}

// PostgreSQL takes values of at most 1 GB.
const mostBytes = 64 * 1024 * 1024;

/**
 * The statement that inserts sealed bodies, to stand in a larger one: its seven parameters, as
 * `blobParameters` gives them, begin at `$first`. With `guard`, the name of a common table
 * expression of at most one row, it inserts only if that has one.
 */
export function blobInsert(first: number, guard?: string): string {
  const [ids, keys, traces, roles, starts, sizes, bytes] = [0, 1, 2, 3, 4, 5, 6].map(
    (at) => `$${first + at}`,
  );
  return `insert into blob (id, key_id, trace, role, sealed)
    select id, key_id, trace, role, substring(${bytes}::bytea from start for bytes)
    from ${guard === undefined ? '' : `${guard}, `}unnest(${ids}::uuid[], ${keys}::uuid[],
      ${traces}::uuid[], ${roles}::text[], ${starts}::int[], ${sizes}::int[])
      as body (id, key_id, trace, role, start, bytes)`;
}

const insert = blobInsert(1);

/**
 * Inserts sealed bodies on the caller's connection, in its transaction: one statement for any
 * number of rows (several only beyond 64 MiB).
 */
export async function insertBlobs(
  client: Pick<pg.ClientBase, 'query'>,
  rows: readonly BlobRow[],
): Promise<void> {
  for (let from = 0; from < rows.length; ) {
    let to = from;
    let bytes = 0;
    do bytes += rows[to++]?.sealed.length ?? 0;
    while (to < rows.length && bytes + (rows[to]?.sealed.length ?? 0) <= mostBytes);
    await client.query(insert, blobParameters(rows.slice(from, to)));
    from = to;
  }
}

/**
 * The parameters of `blobInsert`. The bodies travel as one binary value that the server cuts: as an
 * array they would be hexadecimal. Ids and numbers need no quotes in an array's text.
 */
export function blobParameters(rows: readonly BlobRow[]): unknown[] {
  const starts: number[] = [];
  let start = 1;
  for (const { sealed } of rows) {
    starts.push(start);
    start += sealed.length;
  }
  return [
    `{${rows.map((row) => row.id).join()}}`,
    `{${rows.map((row) => row.key_id).join()}}`,
    `{${rows.map((row) => row.trace).join()}}`,
    rows.map((row) => row.role),
    `{${starts.join()}}`,
    `{${rows.map((row) => row.sealed.length).join()}}`,
    rows.length === 1 ? rows[0]?.sealed : Buffer.concat(rows.map((row) => row.sealed)),
  ];
}

/** A sealed body with its key, as wrapped; `wrapped` is null when the key is shredded. */
export interface StoredBlob extends BlobRow {
  readonly owner: string;
  readonly kms: string;
  readonly wrapped: Buffer | null;
}

/** Reads a sealed body together with its key, in one snapshot. */
export async function readBlob(pool: pg.Pool, id: string): Promise<StoredBlob | null> {
  const { rows } = await pool.query<StoredBlob>(
    `select b.id, b.key_id, b.trace, b.role, b.sealed, k.owner, k.kms, k.wrapped
     from blob b join data_key k on k.id = b.key_id where b.id = $1`,
    [id],
  );
  const row = rows[0];
  return row === undefined ? null : { ...row, trace: hyphenless(row.trace) };
}
