import type pg from 'pg';
import type { Clock } from '../../kernel/index.ts';
import type { Claimer } from '../../ledger/index.ts';
import type { Prices, Quota, QuotaCall, Reservation, Standing, StandingFilter } from './quota.ts';
import type { Rates } from './rates.ts';

/** What quotas need. */
export interface QuotasFrom {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  /** A source of random bytes. */
  readonly random: (size: number) => Buffer;
  readonly quotas: readonly Quota[];
  readonly prices: Prices;
  /** Where requests are counted elsewhere; quotas of requests are then no claims. */
  readonly rates?: Rates;
  /** Told what goes wrong in the background, in lines for a person. */
  readonly log?: (line: string) => void;
  /** A hold so old, in milliseconds, belongs to no call any more; an hour by default. */
  readonly longestCallMs?: number;
}

/** Quotas that hold under any race: what a call needs is reserved with its decision's entry. */
export interface Quotas {
  /** What a call must have. Cheap where no quota applies. Reads nothing but its own settings. */
  reserve(call: QuotaCall): Reservation;
  /** Who settles the claims of reservations, for the ledger. */
  readonly claimers: Readonly<Record<'policy.quota' | 'policy.settlement', Claimer>>;
  /** How the quotas of today's windows stand, by quota and holder. */
  standing(filter?: StandingFilter): Promise<readonly Standing[]>;
  /** Settles the holds of processes that died; answers how many. */
  sweep(): Promise<number>;
  /** Takes this process's place among the holders, sweeps, and goes on sweeping every 5 seconds. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the quotas. Nothing is reserved before `start`.
 *
 * @throws GatehouseError `bad_config` for a quota or a price that means nothing.
 */
export function openQuotas(_from: QuotasFrom): Quotas {
  throw new Error('not yet');
}
