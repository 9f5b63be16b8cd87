import type { Clock, Control, Principal } from '../../kernel/index.ts';
import { openRedisCounter, type SharedCounter } from '../../store/index.ts';
import { bucketId } from './bucket.ts';
import { type LocalCount, LocalCounts } from './local-counts.ts';
import type { Quota } from './quota.ts';
import { rateControl, uncounted } from './rate-control.ts';
import { type Rule, type RuleModel, rulesOf } from './rule.ts';
import { Windows } from './window.ts';

/** Counts requests in a store that processes share, for what PostgreSQL need not remember. */
export interface Rates {
  /**
   * Counts a request against every quota that applies, or against none. Answers with what goes into
   * the subject's measures as `rateOver`: 0, the number of the first quota that is over (from 1),
   * or -1 where nobody could count. Never rejects.
   */
  take(principal: Principal, model: RuleModel): number | Promise<number>;
  /** `policy.rate`: denies at `enter` what was over, or was not counted. */
  readonly control: Control;
  /** Resolves when the counter was reached, or a second later without. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

export interface RatesFrom {
  /** Where the counter is: `redis://user:password@host:6379`, `rediss://` for TLS. */
  readonly url: string;
  /** All quotas; those of requests are counted here. */
  readonly quotas: readonly Quota[];
  /** While the counter is away nothing passes, or each process gives out its share of each limit. */
  readonly whenAway: 'deny' | 'share';
  /** How many processes share. */
  readonly processes: number;
  readonly clock: Clock;
  readonly log: (line: string) => void;
}

// Clocks of processes differ a little: a count outlives its window by so much.
const marginMs = 60_000;

/**
 * Counts requests in Redis. The counter is reached in the background; `ready` waits for it.
 *
 * @throws GatehouseError `bad_config` for a quota that means nothing or an address that is none.
 */
export function openRates(from: RatesFrom): Rates {
  const { url, clock, log } = from;
  const rules = rulesOf(from.quotas).filter(({ quota }) => quota.measure === 'requests');
  return ratesOf(rules, openRedisCounter({ url, clock, log }), from);
}

function ratesOf(
  rules: readonly Rule[],
  counter: SharedCounter,
  { clock, whenAway, processes }: RatesFrom,
): Rates {
  const windows = new Windows();
  const local = whenAway === 'share' ? new LocalCounts(processes) : null;

  function countsOf(principal: Principal, model: RuleModel, now: number): LocalCount[] {
    return rules.flatMap((rule, i) => {
      if (!rule.applies(principal, model)) return [];
      const { start, ends } = windows.at(rule.quota.per ?? 'ever', now);
      const key = bucketId(rule.quota, rule.holder(principal, model), start);
      const livesMs = ends === null ? null : ends - now + marginMs;
      return [{ key, limit: rule.limit, livesMs, ends, place: i + 1 }];
    });
  }

  async function counted(counts: readonly LocalCount[], now: number): Promise<number> {
    const full = await counter.take(counts).catch(() => null);
    if (full === null) return local?.take(counts, now) ?? uncounted;
    if (full === 0) local?.note(counts, now);
    // What is no place of one of these counts was no count.
    return full === 0 ? 0 : (counts[full - 1]?.place ?? uncounted);
  }

  return {
    take(principal, model) {
      if (rules.length === 0) return 0;
      const now = clock.now();
      const counts = countsOf(principal, model, now);
      return counts.length === 0 ? 0 : counted(counts, now);
    },
    control: rateControl(rules),
    ready: counter.ready,
    close: () => counter.close(),
  };
}
