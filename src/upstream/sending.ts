import type { Clock } from '../kernel/index.ts';
import { type Request, Try } from './attempt.ts';
import { type Failure, UpstreamError } from './failure.ts';
import type { Line } from './line.ts';
import type { Answer, Attempt, Candidate, ModelCall } from './model-call.ts';
import {
  backoffMs,
  mostRetryAfterMs,
  retryAfterMs,
  retryableFailure,
  retryableStatus,
} from './retry.ts';

const cancelled: Failure = { outcome: 'cancelled', detail: '' };
const refused: Failure = { outcome: 'refused', detail: '' };

/**
 * One call on its way: tries at the wanted upstream, then at those that stand in for it. Tries end
 * with the first answer that is handed on; what breaks after that is the caller's to hear.
 */
export class Sending {
  readonly #call: ModelCall;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #attempts: Attempt[] = [];
  #current: Try | null = null;
  #handed: Try | null = null;
  #wake: (() => void) | null = null;
  readonly #onAbort = (): void => {
    this.#current?.cancel();
    this.#wake?.();
  };

  constructor(call: ModelCall, clock: Clock, random: () => number) {
    this.#call = call;
    this.#clock = clock;
    this.#random = random;
  }

  async run(lines: readonly Line[]): Promise<Answer> {
    const { candidates, signal } = this.#call;
    signal.addEventListener('abort', this.#onAbort);
    let failure: Failure = refused;
    let at = 0;
    try {
      for (; at < candidates.length; at++) {
        const last = at === candidates.length - 1;
        const found = await this.#at(lines[at] as Line, candidates[at] as Candidate, last);
        if (found instanceof Try) return this.#hand(found);
        failure = found;
        if (failure.outcome === 'cancelled') break;
      }
    } catch (thrown) {
      this.#unlisten();
      throw thrown;
    }
    this.#unlisten();
    const { upstream } = candidates[Math.min(at, candidates.length - 1)] as Candidate;
    throw new UpstreamError(upstream, failure, this.#attempts);
  }

  /** Tries one upstream until it answers, fails for good, or its tries, time or budget are spent. */
  async #at(line: Line, candidate: Candidate, last: boolean): Promise<Try | Failure> {
    const { definition, target, budget } = line;
    line.called();
    const { model } = candidate;
    const request: Request = {
      candidate,
      path: target.pathOf(this.#call.path, model),
      headers: target.headersOf(this.#call.stream, this.#call.headers),
      body: this.#call.body(model),
      totalAt: this.#clock.now() + definition.timeouts.totalMs,
    };
    let failure: Failure | null = null;
    for (let tries = 1; ; tries++) {
      if (this.#call.signal.aborted) return cancelled;
      const pass = line.enter();
      if (pass === null) return failure ?? this.#refused(candidate);
      const one = new Try(line, pass, request, this.#attempts, this.#clock, this.#ended);
      this.#current = one;
      failure = await one.opened;
      if (failure === null && one.status !== 429) return one;
      const wait = this.#waitMs(one, failure, tries);
      const again =
        wait !== null &&
        tries < definition.retries.attempts &&
        this.#clock.now() + wait < request.totalAt &&
        budget.spend();
      // Nobody is left to ask, so the caller learns when to come back.
      if (!again && last && failure === null) return one;
      failure ??= { outcome: 'status', status: one.status, detail: String(one.status) };
      this.#current = null;
      one.discard();
      if (!again) return failure;
      line.retried();
      await this.#pause(wait);
    }
  }

  #refused({ upstream, model }: Candidate): Failure {
    this.#attempts.push({ upstream, model, outcome: 'refused', ms: 0 });
    return refused;
  }

  /** How long to wait for another try here, or null if there is no use in one. */
  #waitMs(one: Try, failure: Failure | null, tries: number): number | null {
    const useful = failure === null ? retryableStatus(one.status) : retryableFailure(failure);
    if (!useful) return null;
    const jitter = backoffMs(tries - 1, this.#random);
    const asked = retryAfterMs(one.headers['retry-after'], this.#clock.now());
    if (asked === null) return jitter;
    return asked > mostRetryAfterMs ? null : asked + jitter;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.#clock.after(ms, () => this.#wake?.());
      this.#wake = () => {
        this.#wake = null;
        stop();
        resolve();
      };
      if (this.#call.signal.aborted) this.#wake();
    });
  }

  #hand(one: Try): Try {
    this.#handed = one;
    if (one.done) this.#unlisten();
    return one;
  }

  // Tries that were given up end too, and say nothing of the one that was handed on.
  readonly #ended = (one: Try): void => {
    if (this.#handed === one) this.#unlisten();
  };

  #unlisten(): void {
    this.#call.signal.removeEventListener('abort', this.#onAbort);
  }
}
