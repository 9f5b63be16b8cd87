import type { Dispatcher } from 'undici';
import type { Clock } from '../kernel/index.ts';
import { Breaker, type BreakerState, type Pass } from './breaker.ts';
import type { Log, UpstreamDefinition, UpstreamKind } from './definition.ts';
import type { Failure } from './failure.ts';
import { RetryBudget } from './retry.ts';
import type { Target } from './target.ts';

/** What requests go out on: undici's pool, or the scripted upstream that needs no socket. */
export type Wire = Pick<Dispatcher, 'dispatch'> & { destroy(): Promise<void> };

/** How an upstream is, for the health page and the metrics. Counts run from the start. */
export interface UpstreamHealth {
  readonly name: string;
  readonly kind: UpstreamKind;
  readonly breaker: BreakerState;
  /** Failures in a row. */
  readonly failures: number;
  readonly calls: number;
  readonly retries: number;
  readonly inFlight: number;
  /** The last failure: when (Unix time in milliseconds) and what. */
  readonly last: { readonly at: number; readonly outcome: string; readonly detail: string } | null;
}

/** One upstream at work: its wire, its breaker, its budget and its counts. */
export class Line {
  readonly definition: UpstreamDefinition;
  readonly target: Target;
  readonly wire: Wire;
  readonly budget: RetryBudget;
  readonly #breaker: Breaker;
  readonly #clock: Clock;
  readonly #log: Log;
  #calls = 0;
  #retries = 0;
  #inFlight = 0;
  #last: UpstreamHealth['last'] = null;

  constructor(definition: UpstreamDefinition, target: Target, wire: Wire, clock: Clock, log: Log) {
    this.definition = definition;
    this.target = target;
    this.wire = wire;
    this.budget = new RetryBudget(definition.retries.budgetRatio);
    this.#breaker = new Breaker(definition.breaker, clock);
    this.#clock = clock;
    this.#log = log;
  }

  /** A call turned to this upstream. */
  called(): void {
    this.#calls++;
    this.budget.call();
  }

  retried(): void {
    this.#retries++;
  }

  /** Leave for one try, or null while the breaker is open. */
  enter(): Pass | null {
    const pass = this.#breaker.enter();
    if (pass !== null) this.#inFlight++;
    return pass;
  }

  answered(pass: Pass): void {
    this.#breaker.answered(pass);
  }

  /** The try is over; every pass comes here once. */
  ended(pass: Pass, failure: Failure | null): void {
    this.#inFlight--;
    if (failure === null) this.#breaker.succeeded();
    else if (failure.outcome === 'cancelled') this.#breaker.left(pass);
    else this.#failed(pass, failure);
  }

  #failed(pass: Pass, failure: Failure): void {
    const { name } = this.definition;
    const { outcome, detail } = failure;
    this.#last = { at: this.#clock.now(), outcome, detail };
    this.#log('warn', 'upstream try failed', { upstream: name, outcome, detail });
    if (this.#breaker.failed(pass))
      this.#log('warn', 'upstream breaker opened', { upstream: name });
  }

  health(): UpstreamHealth {
    return {
      name: this.definition.name,
      kind: this.definition.kind,
      breaker: this.#breaker.state,
      failures: this.#breaker.failures,
      calls: this.#calls,
      retries: this.#retries,
      inFlight: this.#inFlight,
      last: this.#last,
    };
  }
}
