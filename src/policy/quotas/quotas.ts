import type pg from 'pg';
import type { Clock } from '../../kernel/index.ts';
import type { Claimer } from '../../ledger/index.ts';
import { uuid7 } from '../../store/index.ts';
import { Holder } from './holder.ts';
import { costOf } from './price.ts';
import type { Prices, Quota, QuotaCall, Reservation, Standing, StandingFilter } from './quota.ts';
import { quotaClaimer } from './quota-claimer.ts';
import type { Rates } from './rates.ts';
import { reservation } from './reservation.ts';
import { rulesOf } from './rule.ts';
import { settlementClaimer } from './settlement-claimer.ts';
import { standings } from './standings.ts';
import { forgetPast, sweepHolds } from './sweep.ts';
import { Windows } from './window.ts';

/** What quotas need. */
export interface QuotasFrom {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  /** A source of random bytes. */
  readonly random: (size: number) => Buffer;
  readonly quotas: readonly Quota[];
  readonly prices: Prices;
  /** Where requests are counted elsewhere; quotas of requests are then no claims. */
  readonly rates?: Pick<Rates, 'take'>;
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

const sweepEveryMs = 5_000;
const forgetEveryMs = 600_000;
const longestCall = 3_600_000;

/**
 * Opens the quotas. Nothing is reserved before `start`.
 *
 * @throws GatehouseError `bad_config` for a quota or a price that means nothing.
 */
export function openQuotas(from: QuotasFrom): Quotas {
  const { pool, clock, random, log = () => {}, longestCallMs = longestCall } = from;
  const all = rulesOf(from.quotas);
  const counted = from.rates !== undefined;
  const rules = all.filter(({ quota }) => !(counted && quota.measure === 'requests'));
  const holder = new Holder({ pool, clock, random, log });
  const parts = {
    rules,
    windows: new Windows(),
    cost: costOf(from.prices),
    now: () => clock.now(),
    newId: () => uuid7(clock.now(), random(10)),
  };
  const sweep = sweeper({ pool, clock, longestCallMs });
  const rounds = repeated(clock, sweepEveryMs, async () => {
    await holder.check();
    await sweep();
  });
  return {
    reserve: (call) => reservation(parts, call),
    claimers: {
      // First: a reservation is decided on what is left after all that is settled with it.
      'policy.settlement': settlementClaimer,
      'policy.quota': quotaClaimer({ clock, holder: () => holder.number }),
    },
    standing: (filter = {}) => standings({ pool, clock, rules }, filter),
    sweep,
    async start() {
      if (rules.length === 0) return;
      await holder.take();
      await sweep();
      rounds.start();
    },
    async close() {
      await rounds.stop();
      await holder.close();
    },
  };
}

function sweeper(parts: { pool: pg.Pool; clock: Clock; longestCallMs: number }) {
  let forgot = Number.NEGATIVE_INFINITY;
  return async () => {
    const swept = await sweepHolds(parts);
    const now = parts.clock.now();
    if (now - forgot >= forgetEveryMs) {
      forgot = now;
      await forgetPast(parts);
    }
    return swept;
  };
}

/** Runs work again and again, so long after it was done. What fails is tried again next time. */
function repeated(clock: Clock, everyMs: number, work: () => Promise<void>) {
  let cancel = () => {};
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  const next = () => {
    if (stopped) return;
    cancel = clock.after(everyMs, () => {
      // The database being away is told by whoever needs it.
      running = work().catch(() => {});
      running.then(next);
    });
  };
  return {
    start: next,
    stop() {
      stopped = true;
      cancel();
      return running;
    },
  };
}
