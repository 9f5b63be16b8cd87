import type { Failure } from './failure.ts';

// A quiet upstream may be retried a few times before calls have paid for it.
const burst = 5;

const baseMs = 100;
const capMs = 5_000;
/** The longest `retry-after` that is waited for with the caller on the line. */
export const mostRetryAfterMs = 5_000;

/**
 * A token bucket that each call fills by `ratio` and each retry empties by one.
 *
 * INVARIANT: retries <= ratio * calls + 5 over any period, so retries cannot multiply load.
 */
export class RetryBudget {
  readonly #ratio: number;
  #tokens: number;

  constructor(ratio: number) {
    this.#ratio = ratio;
    this.#tokens = ratio > 0 ? burst : 0;
  }

  call(): void {
    this.#tokens = Math.min(this.#tokens + this.#ratio, burst);
  }

  /** True if one retry is paid for. */
  spend(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** Statuses after which the same request may succeed. 529 is Anthropic's "overloaded". */
export function retryableStatus(status: number): boolean {
  return (
    status === 429 ||
    status === 500 ||
    status === 502 ||
    status === 503 ||
    status === 504 ||
    status === 529
  );
}

/**
 * True for failures after which the same upstream is worth another try: no connection, or one that
 * ended before the first byte (a kept-alive one that the peer was just closing). A time-out is not:
 * the upstream is slow and would be asked twice.
 */
export function retryableFailure(failure: Failure): boolean {
  if (failure.outcome === 'status') return retryableStatus(failure.status ?? 0);
  return failure.outcome === 'connect' || failure.outcome === 'broken';
}

/** Full jitter (M. Brooker, "Exponential Backoff and Jitter"): uniform below a doubling bound. */
export function backoffMs(retry: number, random: () => number): number {
  return random() * Math.min(capMs, baseMs * 2 ** retry);
}

/** `retry-after` (RFC 9110, 10.2.3) in milliseconds from now; null if absent or unreadable. */
export function retryAfterMs(value: string | undefined, now: number): number | null {
  if (value === undefined || value.length > 40) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = value.endsWith('GMT') ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
