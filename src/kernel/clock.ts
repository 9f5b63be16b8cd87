/** Time as a parameter. `now` is Unix time in milliseconds; `after` returns a function that cancels. */
export interface Clock {
  now(): number;
  after(ms: number, run: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
