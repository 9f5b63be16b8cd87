import type { Clock } from '../../../src/kernel/index.ts';

/** A clock that a test moves by hand. */
export interface HandClock extends Clock {
  /** Moves it on and runs what is due; without `timers` as a machine that slept wakes up. */
  step(ms: number, options?: { readonly timers: boolean }): void;
}

export function handClock(start: number): HandClock {
  let now = start;
  let timers: { readonly at: number; readonly run: () => void }[] = [];
  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    step(ms, { timers: due } = { timers: true }) {
      now += ms;
      if (!due) return;
      const ripe = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { run } of ripe) run();
    },
  };
}
