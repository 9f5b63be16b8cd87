import type { Clock } from '../../kernel/index.ts';

// An attacker with many addresses must not fill the memory.
const mostAddresses = 1_000;

/** Counts failures by address. */
export interface Attempts {
  /** Notes a failure; true if the address has had more than its share within a minute. */
  failed(address: string): boolean;
}

/** At most `most` failures a minute for each address; the oldest addresses are forgotten first. */
export function attempts(clock: Clock, most: number): Attempts {
  const counts = new Map<string, { since: number; count: number }>();
  return {
    failed(address) {
      const now = clock.now();
      const known = counts.get(address);
      const fresh = known === undefined || now - known.since >= 60_000;
      const one = fresh ? { since: now, count: 0 } : known;
      one.count += 1;
      if (fresh) counts.delete(address);
      counts.set(address, one);
      const [oldest] = counts.keys();
      if (counts.size > mostAddresses && oldest !== undefined) counts.delete(oldest);
      return one.count > most;
    },
  };
}
