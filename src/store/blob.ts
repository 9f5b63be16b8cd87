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

const insert = `
  insert into blob (id, key_id, trace, role, sealed)
  select id, key_id, trace, role, substring($7::bytea from start for size)
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::int[], $6::int[])
    as row (id, key_id, trace, role, start, size)`;

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
    await client.query(insert, parameters(rows.slice(from, to)));
    from = to;
  }
}

// The bodies travel as one binary value that the server cuts: as an array they would be hexadecimal.
function parameters(rows: readonly BlobRow[]): unknown[] {
  const starts: number[] = [];
  let start = 1;
  for (const { sealed } of rows) {
    starts.push(start);
    start += sealed.length;
  }
  return [
    rows.map((row) => row.id),
    rows.map((row) => row.key_id),
    rows.map((row) => row.trace),
    rows.map((row) => row.role),
    starts,
    rows.map((row) => row.sealed.length),
    Buffer.concat(rows.map((row) => row.sealed)),
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
