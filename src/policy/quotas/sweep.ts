import type pg from 'pg';
import type { Clock } from '../../kernel/index.ts';
import { lockClass } from './holder.ts';
import { most } from './price.ts';

export interface SweepParts {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  /** A hold so old, in milliseconds, belongs to no call any more, even if its process lives. */
  readonly longestCallMs: number;
}

/** Which holds nobody will settle: those of one holder, or all from before some time. */
interface Abandoned {
  readonly holder: number | null;
  readonly before: Date | null;
}

// So long what was swept can still be settled exactly.
const marksKeptMs = 86_400_000;
// Processes whose clocks are behind may still count in a window that ended.
const bucketsKeptMs = 3_600_000;

/**
 * Settles the holds that nobody will: those of holders whose lock can be taken, and those older
 * than any call. Each is charged its `least` and gives back the rest. Answers how many.
 */
export async function sweepHolds(parts: SweepParts): Promise<number> {
  const { pool, clock, longestCallMs } = parts;
  const before = new Date(clock.now() - longestCallMs);
  const { rows } = await pool.query('select distinct holder from quota_hold where holder <> 0');
  if (rows.length === 0) return 0;
  const client = await pool.connect();
  try {
    let swept = await sweepAll(client, { holder: null, before });
    for (const { holder } of rows) swept += await sweepAll(client, { holder, before: null });
    client.release();
    return swept;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** Deletes the buckets of windows that are long past, and the marks of what was swept long ago. */
export async function forgetPast({ pool, clock }: SweepParts): Promise<void> {
  const before = (ms: number) => [new Date(clock.now() - ms)];
  // INVARIANT: waits for no row, so that it is in no circle with those who settle.
  await pool.query(
    `delete from quota_hold where (id, bucket) in (
       select id, bucket from quota_hold where holder = 0 and at < $1 for update skip locked)`,
    before(marksKeptMs),
  );
  await pool.query(
    `delete from quota_bucket where id in (
       select id from quota_bucket b where ends < $1 and reserved = 0
         and not exists (select from quota_hold h where h.bucket = b.id)
       for update skip locked)`,
    before(bucketsKeptMs),
  );
}

async function sweepAll(client: pg.ClientBase, abandoned: Abandoned): Promise<number> {
  const { holder, before } = abandoned;
  if (holder !== null && !(await isDead(client, holder))) return 0;
  const { rows } = await client.query(
    `select distinct bucket from quota_hold h where ${isAbandoned}`,
    [holder, before],
  );
  let swept = 0;
  for (const { bucket } of rows) swept += await sweepBucket(client, bucket, abandoned);
  return swept;
}

// INVARIANT: one bucket at a time, locked before its holds: others may hold many and wait for more,
// and still nobody waits in a circle.
async function sweepBucket(
  client: pg.ClientBase,
  bucket: string,
  { holder, before }: Abandoned,
): Promise<number> {
  await client.query('begin');
  // Within the transaction: another that sweeps this holder passes by.
  const mine = holder === null || (await isDead(client, holder));
  let swept = 0;
  if (mine) {
    await client.query('select id from quota_bucket where id = $1 for update', [bucket]);
    const { rows } = await client.query(sweepStatement, [holder, before, bucket]);
    swept = rows[0]?.swept ?? 0;
  }
  await client.query('commit');
  return swept;
}

/** True if nobody has the lock of a holder; in a transaction it is then ours until the end. */
async function isDead(client: pg.ClientBase, holder: number): Promise<boolean> {
  const { rows } = await client.query('select pg_try_advisory_xact_lock($1, $2::int) as dead', [
    lockClass,
    holder,
  ]);
  return rows[0].dead;
}

const isAbandoned = `h.holder <> 0 and ($1::bigint is null or h.holder = $1)
  and ($2::timestamptz is null or h.at < $2)`;

const sweepStatement = `
  with target as (
    select h.id, h.amount, h.least from quota_hold h where h.bucket = $3 and ${isAbandoned}
  ), marked as (
    update quota_hold h set amount = 0, charged = t.least, holder = 0
    from target t where h.id = t.id and h.bucket = $3
  ), sums as (
    select coalesce(sum(amount), 0)::bigint as held, coalesce(sum(least), 0)::bigint as charged,
           count(*)::int as swept
    from target
  )
  update quota_bucket b set used = least(${most}, b.used + s.charged), reserved = b.reserved - s.held
  from sums s where b.id = $3 returning s.swept`;
