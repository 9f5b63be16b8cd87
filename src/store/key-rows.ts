import type pg from 'pg';

/** A data key as it is stored: wrapped by the KMS that is named beside it. */
export interface KeyRow {
  readonly id: string;
  readonly kms: string;
  readonly wrapped: Buffer;
}

interface Wear {
  readonly seals: number;
  readonly block: number;
}

/** Reserves a block of seals on the owner's key. Null when it has none that may still be used. */
export async function reserveSeals(
  pool: pg.Pool,
  owner: string,
  { seals, block }: Wear,
  oldest: Date,
): Promise<KeyRow | null> {
  const { rows } = await pool.query<KeyRow>(
    `update data_key set seals = seals + $2
     where owner = $1 and current and seals + $2 <= $3 and created > $4
     returning id, kms, wrapped`,
    [owner, block, seals, oldest],
  );
  return rows[0] ?? null;
}

/** Takes the owner's key out of use where it is worn or old; it still opens what it sealed. */
export async function retireWorn(
  pool: pg.Pool,
  owner: string,
  { seals, block }: Wear,
  oldest: Date,
): Promise<void> {
  await pool.query(
    `update data_key set current = false
     where owner = $1 and current and (seals + $2 > $3 or created <= $4)`,
    [owner, block, seals, oldest],
  );
}

/** Puts a key in force, unless the owner has one. */
export async function insertKey(
  pool: pg.Pool,
  { id, kms, wrapped }: KeyRow,
  owner: string,
  created: Date,
): Promise<void> {
  await pool.query(
    `insert into data_key (id, owner, kms, wrapped, created) values ($1, $2, $3, $4, $5)
     on conflict (owner) where current do nothing`,
    [id, owner, kms, wrapped, created],
  );
}

/** True while a key is the one in force and not too old. */
export async function isCurrent(pool: pg.Pool, id: string, oldest: Date): Promise<boolean> {
  const found = await pool.query(
    'select from data_key where id = $1 and current and created > $2',
    [id, oldest],
  );
  return found.rowCount === 1;
}

/** Empties the keys of an owner. Answers with the ids that were emptied. */
export async function emptyKeys(pool: pg.Pool, owner: string, at: Date): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `update data_key set wrapped = null, current = false, shredded = $2
     where owner = $1 and wrapped is not null returning id`,
    [owner, at],
  );
  return rows.map(({ id }) => id);
}

/**
 * Clears away the row versions that still hold the wrapped bytes of emptied keys. Copies stay in
 * the write-ahead log, in backups and in unused parts of the disk for as long as those live; to be
 * done with them, rewrap under a new key-encryption key and destroy the old one. It waits for no
 * reader, where a `vacuum full` would stop all sealing behind a running backup.
 */
export async function clearEmptied(pool: pg.Pool): Promise<void> {
  await pool.query('vacuum data_key');
}

/** Some of the keys that another KMS than this one wrapped; none when all are moved. */
export async function keysOfOtherKms(pool: pg.Pool, kms: string): Promise<readonly KeyRow[]> {
  const { rows } = await pool.query<KeyRow>(
    `select id, kms, wrapped from data_key
     where wrapped is not null and kms <> $1 order by id limit 256`,
    [kms],
  );
  return rows;
}

/** Replaces how a key is wrapped, unless it was shredded or moved meanwhile. */
export async function replaceWrapping(
  pool: pg.Pool,
  before: KeyRow,
  after: KeyRow,
): Promise<boolean> {
  const done = await pool.query(
    `update data_key set kms = $3, wrapped = $4
     where id = $1 and kms = $2 and wrapped is not null`,
    [before.id, before.kms, after.kms, after.wrapped],
  );
  return done.rowCount === 1;
}

/** The KMS ids that living keys are wrapped by. */
export async function kmsInUse(pool: pg.Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ kms: string }>(
    'select distinct kms from data_key where wrapped is not null',
  );
  return rows.map(({ kms }) => kms);
}
