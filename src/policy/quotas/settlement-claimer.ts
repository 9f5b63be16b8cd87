import type { Claim } from '../../kernel/index.ts';
import type { Claimer } from '../../ledger/index.ts';
import { most } from './price.ts';
import type { SettlementClaim } from './reservation.ts';

/**
 * Settles what calls had reserved: gives back what is still held and charges what was used, less
 * what a sweep charged already. Nothing is refused; what was settled before is left alone.
 *
 * INVARIANT: whoever touches a hold has locked its bucket first, here and in the sweep.
 */
export const settlementClaimer: Claimer = async (client, claims) => {
  const ids: string[] = [];
  const buckets: string[] = [];
  const amounts: number[] = [];
  for (const [id, claim] of firsts(claims)) {
    for (const { bucket, amount } of claim.charges) {
      ids.push(id);
      buckets.push(bucket);
      amounts.push(amount);
    }
  }
  const answers = claims.map((one) =>
    isSettlement(one) ? null : 'this is no settlement of quotas',
  );
  if (ids.length === 0) return answers;
  const locked = [[...new Set(buckets)].sort()];
  const values = [ids, buckets, amounts];
  const written = Promise.all([
    client.query({ name: 'quota-lock-settled', text: lockStatement, values: locked }),
    client.query({ name: 'quota-settle', text: settleStatement, values }),
  ]);
  return { answers, written };
};

// The first word on a hold counts.
function firsts(claims: readonly Claim[]): ReadonlyMap<string, SettlementClaim> {
  const first = new Map<string, SettlementClaim>();
  for (const claim of claims) {
    if (isSettlement(claim) && !first.has(claim.key)) first.set(claim.key, claim);
  }
  return first;
}

function isSettlement(claim: Claim): claim is SettlementClaim {
  return 'charges' in claim;
}

const lockStatement = `
  select id from quota_bucket where id = any($1::text[]) order by id for update`;

const settleStatement = `
  with gone as (
    delete from quota_hold h
    using unnest($1::uuid[], $2::text[], $3::bigint[]) as c (id, bucket, amount)
    where h.id = c.id and h.bucket = c.bucket
    returning h.bucket, h.amount as held, c.amount - h.charged as more
  ), sums as (
    select bucket, sum(held)::bigint as held, sum(more)::bigint as more from gone group by bucket
  )
  update quota_bucket b
  set used = greatest(0, least(${most}, b.used + s.more)), reserved = b.reserved - s.held
  from sums s where b.id = s.bucket`;
