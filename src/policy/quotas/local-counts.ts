import type { Count } from '../../store/index.ts';

/** A count of one window, with the place of its quota among all, from 1. */
export interface LocalCount extends Count {
  readonly place: number;
  /** Unix time in milliseconds; null: never. */
  readonly ends: number | null;
}

const purgeEveryMs = 60_000;

/**
 * What this process itself let pass in each window. While nobody counts for all, it lets no more
 * pass than its share of a limit: what it let pass before, in the same window, is part of that.
 */
export class LocalCounts {
  readonly #processes: number;
  readonly #counts = new Map<string, { n: number; readonly ends: number }>();
  #purgeAt = 0;

  constructor(processes: number) {
    this.#processes = Math.max(1, processes);
  }

  /** Counts what was let pass already. */
  note(counts: readonly LocalCount[], now: number): void {
    this.#purge(now);
    for (const { key, ends } of counts) {
      const count = this.#counts.get(key) ?? { n: 0, ends: ends ?? Number.POSITIVE_INFINITY };
      count.n++;
      this.#counts.set(key, count);
    }
  }

  /** Counts against the share of every limit, or against none: 0, or the place of the first full one. */
  take(counts: readonly LocalCount[], now: number): number {
    const full = counts.find(
      ({ key, limit }) => (this.#counts.get(key)?.n ?? 0) >= Math.floor(limit / this.#processes),
    );
    if (full !== undefined) return full.place;
    this.note(counts, now);
    return 0;
  }

  #purge(now: number): void {
    if (now < this.#purgeAt) return;
    this.#purgeAt = now + purgeEveryMs;
    for (const [key, { ends }] of this.#counts) if (ends <= now) this.#counts.delete(key);
  }
}
