import { type Clock, Gathered } from '../kernel/index.ts';
import type { Pass } from './breaker.ts';
import { Deadline } from './deadline.ts';
import { Exchange, type Head, type Hearer, type Take } from './exchange.ts';
import { type Failure, failureOf, UpstreamError } from './failure.ts';
import type { Line } from './line.ts';
import type { Answer, Attempt, Candidate } from './model-call.ts';

/** What a try needs of its call. */
export interface Request {
  readonly candidate: Candidate;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: string | Buffer;
  /** Unix time in milliseconds. */
  readonly totalAt: number;
}

// What an upstream says in a header nobody judges: only what has the form of an id, of seconds or of a
// date (RFC 9110, section 10.2.3) is handed on.
const id = /^[\w.:-]{1,128}$/;
const passedOn = [
  ['content-type', /^[\w/+.;= "-]{1,128}$/],
  ['retry-after', /^(?:\d{1,9}|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT)$/],
  ['request-id', id],
  ['x-request-id', id],
] as const;

/**
 * One try at one upstream, and the answer that comes of it. `opened` resolves at the head of the
 * answer or at the failure before it.
 */
export class Try implements Answer, Hearer {
  readonly upstream: string;
  readonly model: string;
  readonly opened: Promise<Failure | null>;
  status = 0;
  headers: Readonly<Record<string, string>> = {};
  readonly attempts: Attempt[];
  readonly #line: Line;
  readonly #pass: Pass;
  readonly #exchange: Exchange;
  readonly #clock: Clock;
  readonly #began: number;
  readonly #over: (one: Try) => void;
  done = false;
  #open: ((failure: Failure | null) => void) | null = null;
  /** A failure of the upstream's that came as an answer, so that its end is no success. */
  #told: Failure | null = null;

  constructor(
    line: Line,
    pass: Pass,
    request: Request,
    attempts: Attempt[],
    clock: Clock,
    over: (one: Try) => void,
  ) {
    this.upstream = request.candidate.upstream;
    this.model = request.candidate.model;
    this.attempts = attempts;
    this.#line = line;
    this.#pass = pass;
    this.#clock = clock;
    this.#over = over;
    this.#began = clock.now();
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
    this.#exchange = new Exchange(this, line.definition.maxAnswerBytes);
    this.#start(request);
  }

  #start(request: Request): void {
    const { timeouts } = this.#line.definition;
    const exchange = this.#exchange;
    exchange.watch(
      new Deadline(this.#clock, timeouts, request.totalAt, (outcome) =>
        exchange.fail({ outcome, detail: '' }),
      ),
    );
    const { path, headers, body } = request;
    try {
      // Timers of undici's are off: the deadline above counts by the given clock.
      const options = { method: 'POST', path, body, headers: headers as string[] };
      this.#line.wire.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, exchange);
    } catch (thrown) {
      exchange.fail(failureOf(thrown, false));
    }
  }

  head(head: Head): void {
    this.status = head.status;
    this.headers = picked(head.headers);
    const { status } = head;
    // What an upstream says of our credentials is no answer to the caller, whose own are good.
    const ours = status === 401 || status === 403 || status === 407;
    const good = status < 300 || (status >= 400 && status < 500 && !ours);
    const outcome = status < 300 ? 'ok' : 'status';
    if (good) this.#line.answered(this.#pass);
    else this.#told = { outcome: 'status', status, detail: String(status) };
    this.#settle({ ...this.#attempt(outcome), status }, this.#told);
  }

  ended(failure: Failure | null): void {
    if (this.#open !== null && failure !== null) {
      this.#settle(this.#attempt(failure.outcome), failure);
    }
    this.#line.ended(this.#pass, this.#told ?? failure);
    this.done = true;
    this.#over(this);
  }

  #attempt(outcome: Attempt['outcome']): Attempt {
    const ms = this.#clock.now() - this.#began;
    return { upstream: this.upstream, model: this.model, outcome, ms };
  }

  #settle(attempt: Attempt, failure: Failure | null): void {
    this.attempts.push(attempt);
    this.#open?.(failure);
    this.#open = null;
  }

  each(take: Take): Promise<void> {
    return this.#exchange.each(take, (failure) => this.#error(failure));
  }

  async whole(): Promise<Buffer> {
    const gathered = new Gathered();
    await this.each((chunk) => gathered.add(chunk));
    return gathered.whole();
  }

  cancel(): void {
    this.#exchange.fail({ outcome: 'cancelled', detail: '' });
  }

  /** Drops an unwanted answer. If it is all there, which short ones are, its connection serves on. */
  discard(): void {
    this.each(() => {}).catch(() => {});
    if (!this.done) this.cancel();
  }

  #error(failure: Failure): UpstreamError {
    return new UpstreamError(this.upstream, failure, this.attempts);
  }
}

function picked(headers: Head['headers']): Readonly<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const [name, form] of passedOn) {
    const value = headers[name];
    const one = typeof value === 'string' ? value : value?.[0];
    if (one !== undefined && form.test(one)) all[name] = one;
  }
  return all;
}
