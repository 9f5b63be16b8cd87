import type pg from 'pg';
import type { Claim, Clock } from '../../kernel/index.ts';
import type { Claimer } from '../../ledger/index.ts';
import { overReason } from './over-reason.ts';
import { isHeld, type Need, type QuotaClaim } from './reservation.ts';

export interface QuotaClaimerParts {
  readonly clock: Clock;
  /** The number under which this process holds, while its lock stands; null: it lost it. */
  holder(): number | null;
}

/** What is used and reserved of a bucket. */
export interface Balance {
  used: number;
  reserved: number;
}

interface Change {
  used: number;
  reserved: number;
}

interface Granted {
  readonly id: string;
  readonly need: Need;
}

/**
 * Settles reservations: locks every bucket that the batch concerns, decides claim by claim in their
 * order, and writes what changed in one statement. A claim gets all that it needs or nothing.
 *
 * INVARIANT: a reservation never brings used and reserved together over a limit.
 */
export function quotaClaimer({ clock, holder }: QuotaClaimerParts): Claimer {
  return async (client, claims) => {
    const number = holder();
    if (number === null) return claims.map(() => away);
    const asked = claims.map(asQuotaClaim);
    const balances = await lockBuckets(client, asked);
    const granted: Granted[] = [];
    const answers = asked.map((claim) => {
      if (claim === null) return 'this is no reservation of quotas';
      if (claim.hopeless !== null) return claim.hopeless;
      const over = claim.needs.find((need) => !fits(need, balances));
      if (over !== undefined) return overReason(over, balanceOf(balances, over));
      for (const need of claim.needs) {
        take(balanceOf(balances, need), need);
        granted.push({ id: claim.key, need });
      }
      return null;
    });
    if (granted.length === 0) return answers;
    return { answers, written: write(client, granted, number, clock.now()) };
  };
}

const away = 'quotas cannot be reserved for a moment, since the database was away; try again';

function asQuotaClaim(claim: Claim): QuotaClaim | null {
  return 'needs' in claim && 'hopeless' in claim ? (claim as QuotaClaim) : null;
}

function balanceOf(balances: ReadonlyMap<string, Balance>, { bucket }: Need): Balance {
  const balance = balances.get(bucket);
  if (balance === undefined) throw new Error('a bucket that was locked is gone');
  return balance;
}

function fits(need: Need, balances: ReadonlyMap<string, Balance>): boolean {
  const { used, reserved } = balanceOf(balances, need);
  return used + reserved + need.amount <= need.rule.limit;
}

function take(balance: Change, need: Need): void {
  if (isHeld(need)) balance.reserved += need.amount;
  else balance.used += need.amount;
}

async function lockBuckets(
  client: pg.ClientBase,
  claims: readonly (QuotaClaim | null)[],
): Promise<ReadonlyMap<string, Balance>> {
  const needs = claims.flatMap((claim) => claim?.needs ?? []);
  const ends = new Map(needs.map(({ bucket, window }) => [bucket, window.ends]));
  const balances = new Map<string, Balance>();
  if (ends.size === 0) return balances;
  const keep = ({ rows }: pg.QueryResult<Balance & { id: string }>) => {
    for (const { id, used, reserved } of rows) balances.set(id, { used, reserved });
  };
  const ids = [...ends.keys()].sort();
  keep(await client.query({ name: 'quota-lock', text: lockStatement, values: [ids] }));
  const missing = ids.filter((id) => !balances.has(id));
  if (missing.length === 0) return balances;
  const dates = missing.map((id) => dateOf(ends.get(id) ?? null));
  keep(await client.query({ name: 'quota-make', text: makeStatement, values: [missing, dates] }));
  return balances;
}

function dateOf(time: number | null): Date | null {
  return time === null ? null : new Date(time);
}

const lockStatement = `
  select id, used, reserved from quota_bucket where id = any($1::text[]) order by id for update`;

// The update that changes nothing locks a bucket that another transaction made meanwhile.
const makeStatement = `
  insert into quota_bucket as b (id, ends)
  select * from unnest($1::text[], $2::timestamptz[])
  on conflict (id) do update set ends = b.ends
  returning id, used, reserved`;

async function write(
  client: pg.ClientBase,
  granted: readonly Granted[],
  holder: number,
  now: number,
): Promise<void> {
  const changes = new Map<string, Change>();
  for (const { need } of granted) {
    const change = changes.get(need.bucket) ?? { used: 0, reserved: 0 };
    take(change, need);
    changes.set(need.bucket, change);
  }
  const sums = [...changes.values()];
  const held = granted.filter(({ need }) => isHeld(need));
  const values = [
    [...changes.keys()],
    sums.map(({ used }) => used),
    sums.map(({ reserved }) => reserved),
    held.map(({ id }) => id),
    held.map(({ need }) => need.bucket),
    held.map(({ need }) => need.amount),
    held.map(({ need }) => need.least),
    holder,
    new Date(now),
  ];
  await client.query({ name: 'quota-write', text: writeStatement, values });
}

const writeStatement = `
  with held as (
    insert into quota_hold (id, bucket, amount, least, holder, at)
    select h.id, h.bucket, h.amount, h.least, $8::bigint, $9::timestamptz
    from unnest($4::uuid[], $5::text[], $6::bigint[], $7::bigint[]) as h (id, bucket, amount, least)
  )
  update quota_bucket b set used = b.used + c.used, reserved = b.reserved + c.reserved
  from unnest($1::text[], $2::bigint[], $3::bigint[]) as c (id, used, reserved)
  where b.id = c.id`;
