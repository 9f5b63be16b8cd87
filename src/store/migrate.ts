import { createHash } from 'node:crypto';
import type pg from 'pg';
import { GatehouseError } from '../kernel/index.ts';
import type { Migration } from './migration.ts';

// The bytes of `gatehous` as a 64-bit key: what else uses advisory locks here should not meet it.
const lockKey = '7449354444534473075';

/**
 * Brings the schema to where the code is: forward only, in order, each step in a transaction of its
 * own under an advisory lock, so that any number of processes may start at once. Answers with the
 * ids it applied.
 *
 * The lock belongs to the transaction, so it holds behind a connection pooler too.
 *
 * @throws GatehouseError `store_unavailable` when a released step has changed, the database knows
 *   steps that this code does not, or a step fails (nothing of it then stays).
 */
export async function migrate(pool: pg.Pool, migrations: readonly Migration[]): Promise<string[]> {
  const applied: string[] = [];
  const client = await pool.connect();
  try {
    for (;;) {
      const id = await applyNext(client, migrations);
      if (id === null) return applied;
      applied.push(id);
    }
  } finally {
    client.release();
  }
}

async function applyNext(
  client: pg.PoolClient,
  migrations: readonly Migration[],
): Promise<string | null> {
  await client.query('begin');
  try {
    await client.query('select pg_advisory_xact_lock($1)', [lockKey]);
    const done = await history(client);
    const next = checked(done, migrations);
    if (next !== undefined) await apply(client, next);
    await client.query('commit');
    return next?.id ?? null;
  } catch (error) {
    // The connection may be what failed; then the server has rolled back already.
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

interface Done {
  readonly id: string;
  readonly checksum: string;
}

async function history(client: pg.PoolClient): Promise<readonly Done[]> {
  const exists = await client.query(`select to_regclass('migration') is not null as it`);
  if (!exists.rows[0].it) {
    await client.query(`create table migration (
      id text primary key, checksum text not null, at timestamptz not null default now())`);
  }
  const done = await client.query<Done>(
    'select id, checksum from migration order by id collate "C"',
  );
  return done.rows;
}

// INVARIANT: what was applied is a prefix of what the code lists, with the same text.
function checked(done: readonly Done[], migrations: readonly Migration[]): Migration | undefined {
  for (const [at, { id, checksum }] of done.entries()) {
    const known = migrations[at];
    if (known?.id !== id) {
      const message = `the database has the migration \`${id}\` that this gatehouse does not know; start the newer gatehouse that made it`;
      throw new GatehouseError('store_unavailable', message);
    }
    if (checksumOf(known) !== checksum) {
      const message = `the migration \`${id}\` is not the one that was applied to this database; install a released gatehouse, unchanged`;
      throw new GatehouseError('store_unavailable', message);
    }
  }
  return migrations[done.length];
}

async function apply(client: pg.PoolClient, { id, sql, ...rest }: Migration): Promise<void> {
  try {
    await client.query(sql);
  } catch (cause) {
    const message = `the migration \`${id}\` failed and nothing of it was kept: ${(cause as Error).message}`;
    throw new GatehouseError('store_unavailable', message, { cause });
  }
  const checksum = checksumOf({ id, sql, ...rest });
  await client.query('insert into migration (id, checksum) values ($1, $2)', [id, checksum]);
}

// White space at the ends of lines says nothing, and editors change it.
function checksumOf({ sql }: Migration): string {
  const text = sql
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
  return createHash('sha256').update(text).digest('hex');
}
