import type { Usage } from './usage.ts';

/**
 * Token counts that a provider reported so far; null where it has not. `fresh` input was neither
 * read from nor written to a prompt cache.
 */
export interface Counted {
  readonly fresh: number | null;
  readonly read: number | null;
  readonly written: number | null;
  readonly output: number | null;
}

export const uncounted: Counted = { fresh: null, read: null, written: null, output: null };

/** The counts after a further report: a count that it leaves out stays as it was. */
export function recounted(before: Counted, now: Counted): Counted {
  return {
    fresh: now.fresh ?? before.fresh,
    read: now.read ?? before.read,
    written: now.written ?? before.written,
    output: now.output ?? before.output,
  };
}

/** The usage that counts amount to; null while no input was reported. */
export function usageOf({ fresh, read, written, output }: Counted): Usage | null {
  if (fresh === null) return null;
  const input = fresh + (read ?? 0) + (written ?? 0);
  const usage = { input, output: output ?? 0, cached: read ?? 0 };
  return written === null || written === 0 ? usage : { ...usage, written };
}

/** Counts of a protocol whose input is the whole, of which `cached` was read from a cache. */
export function countedWhole(usage: Usage): Counted {
  const read = Math.min(usage.cached, usage.input);
  return { fresh: usage.input - read, read, written: 0, output: usage.output };
}
