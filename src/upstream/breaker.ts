import type { Clock } from '../kernel/index.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

/** The leave to make one try. A probe decides whether the breaker closes. */
export type Pass = 'through' | 'probe';

/**
 * A circuit breaker (M. Nygard, "Release It!"): after so many failures in a row nothing is sent for a
 * while, then one call probes.
 *
 * INVARIANT: while half open at most one probe is under way; only its own pass ends it.
 */
export class Breaker {
  readonly #failures: number;
  readonly #openMs: number;
  readonly #clock: Clock;
  #inARow = 0;
  #openedAt: number | null = null;
  #probing = false;

  constructor(settings: { readonly failures: number; readonly openMs: number }, clock: Clock) {
    this.#failures = settings.failures;
    this.#openMs = settings.openMs;
    this.#clock = clock;
  }

  /** Leave to make a try now, or null. Give the pass back to `answered`, `failed` or `left`. */
  enter(): Pass | null {
    if (this.#openedAt === null) return 'through';
    if (this.#probing || this.#clock.now() < this.#openedAt + this.#openMs) return null;
    this.#probing = true;
    return 'probe';
  }

  /** The head of an answer came. A probe closes the breaker, on trial until its answer is whole. */
  answered(pass: Pass): void {
    if (pass !== 'probe') return;
    this.#openedAt = null;
    this.#probing = false;
    this.#inARow = this.#failures - 1;
  }

  /** An answer came whole. */
  succeeded(): void {
    if (this.#openedAt === null) this.#inARow = 0;
  }

  /** A try failed by the upstream's doing. True if this opened the breaker. */
  failed(pass: Pass): boolean {
    if (pass === 'probe' && this.#probing) this.#probing = false;
    else if (this.#openedAt !== null) return false;
    this.#inARow++;
    if (this.#openedAt === null && this.#inARow < this.#failures) return false;
    this.#openedAt = this.#clock.now();
    return true;
  }

  /** The try ended by the caller's doing: it says nothing of the upstream. */
  left(pass: Pass): void {
    if (pass === 'probe') this.#probing = false;
  }

  get state(): BreakerState {
    if (this.#openedAt === null) return 'closed';
    const over = this.#clock.now() >= this.#openedAt + this.#openMs;
    return this.#probing || over ? 'half-open' : 'open';
  }

  get failures(): number {
    return this.#inARow;
  }
}
