import type { Period } from './quota.ts';

/** A window of time: the name of its start, and its end in Unix milliseconds; null: never. */
export interface Window {
  readonly start: string;
  readonly ends: number | null;
}

const ever: Window = { start: '', ends: null };
// How much of an ISO 8601 time names the window that it falls into.
const digits = { minute: 16, hour: 13, day: 10, month: 7 } as const;
const lengths = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** The calendar window in UTC that a time falls into. */
export function windowAt(per: Period, now: number): Window {
  if (per === 'ever') return ever;
  const start = new Date(now).toISOString().slice(0, digits[per]);
  if (per === 'month') {
    const at = new Date(now);
    return { start, ends: Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1) };
  }
  const length = lengths[per];
  return { start, ends: (Math.floor(now / length) + 1) * length };
}

/** `windowAt` that remembers the last window of each period: most calls fall into the same. */
export class Windows {
  readonly #last = new Map<Period, { readonly from: number; readonly window: Window }>();

  at(per: Period, now: number): Window {
    const last = this.#last.get(per);
    // A clock that was set back may fall before what is remembered: `from` guards against it.
    if (last !== undefined && now >= last.from && (last.window.ends ?? Infinity) > now) {
      return last.window;
    }
    const window = windowAt(per, now);
    this.#last.set(per, { from: now, window });
    return window;
  }
}
