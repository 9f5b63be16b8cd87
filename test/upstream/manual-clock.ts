import type { Clock } from '../../src/kernel/index.ts';

/** A clock that stands still until it is moved; timers run in the order in which they are due. */
export class ManualClock implements Clock {
  #now = 1_700_000_000_000;
  #timers = new Map<object, { at: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const key = {};
    this.#timers.set(key, { at: this.#now + ms, run });
    return () => void this.#timers.delete(key);
  }

  get pending(): number {
    return this.#timers.size;
  }

  pass(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= until);
      due.sort(([, a], [, b]) => a.at - b.at);
      const next = due[0];
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.#now = Math.max(this.#now, next[1].at);
      next[1].run();
    }
    this.#now = until;
  }
}
