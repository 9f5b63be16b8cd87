import type { Clock } from '../kernel/index.ts';
import type { Timeouts } from './definition.ts';
import type { Outcome } from './model-call.ts';

type Stage = 'connect' | 'first_byte' | 'idle';
export type TimeoutOutcome = Extract<Outcome, `timeout_${string}`>;

/**
 * The time-outs of one try on one timer. A sign of life moves a number and not the timer; only when
 * the timer fires is it seen whether it came too early.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #timeouts: Timeouts;
  readonly #totalAt: number;
  readonly #expired: (outcome: TimeoutOutcome) => void;
  #stage: Stage = 'connect';
  #since: number;
  #held = false;
  #armedFor = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | null = null;

  /** `totalAt` is the Unix time in milliseconds at which the whole call is over. */
  constructor(
    clock: Clock,
    timeouts: Timeouts,
    totalAt: number,
    expired: (outcome: TimeoutOutcome) => void,
  ) {
    this.#clock = clock;
    this.#timeouts = timeouts;
    this.#totalAt = totalAt;
    this.#expired = expired;
    this.#since = clock.now();
    this.#arm(this.#since);
  }

  /** Another stage begins now. */
  enter(stage: Stage): void {
    this.#stage = stage;
    this.#since = this.#clock.now();
    if (this.#due() < this.#armedFor) this.#arm(this.#since);
  }

  /** A piece came. */
  alive(): void {
    this.#since = this.#clock.now();
  }

  /** While the reader is busy the upstream cannot be called idle. */
  hold(held: boolean): void {
    if (this.#held === held) return;
    this.#held = held;
    this.#since = this.#clock.now();
    if (!held && this.#due() < this.#armedFor) this.#arm(this.#since);
  }

  end(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #due(): number {
    if (this.#held) return this.#totalAt;
    const { connectMs, firstByteMs, idleMs } = this.#timeouts;
    const ms =
      this.#stage === 'idle' ? idleMs : this.#stage === 'connect' ? connectMs : firstByteMs;
    return Math.min(this.#since + ms, this.#totalAt);
  }

  #arm(now: number): void {
    this.#cancel?.();
    this.#armedFor = this.#due();
    this.#cancel = this.#clock.after(Math.max(0, this.#armedFor - now), () => this.#fired());
  }

  #fired(): void {
    this.#cancel = null;
    const now = this.#clock.now();
    if (now < this.#due()) this.#arm(now);
    else this.#expired(now >= this.#totalAt ? 'timeout_total' : `timeout_${this.#stage}`);
  }
}
