import type { Transform } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Deadline } from './deadline.ts';
import { decoderFor } from './decoder.ts';
import { type Failure, failureOf } from './failure.ts';

/** The head of an answer: its status, and undici's headers in lower case. */
export interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Who hears of an exchange. Each function is called at most once, `ended` always and last. */
export interface Hearer {
  head(head: Head): void;
  /** `failure` is null after the last byte. No `head` before means that none came. */
  ended(failure: Failure | null): void;
}

export type Take = (chunk: Buffer) => void | Promise<void>;

// So much of an answer waits for its reader before the upstream is held back.
const highWater = 64 * 1024;

const tooLarge: Failure = { outcome: 'too_large', detail: '' };
const unreadable: Failure = { outcome: 'invalid', detail: 'content-encoding' };
const abandoned = new Error('this exchange is over');

/**
 * One request and its answer on an undici dispatcher, from the side of the handler: no stream object
 * stands between the parser and the reader.
 *
 * INVARIANT: after `ended` nothing more is handed on but what came before a failure of the upstream.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #hearer: Hearer;
  readonly #maxBytes: number;
  #deadline: Deadline | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #decoder: Transform | null = null;
  #bytes = 0;
  #rawBytes = 0;

  #queue: Buffer[] = [];
  #queued = 0;
  #paused = false;
  #busy = false;
  #ended = false;
  #failure: Failure | null = null;
  #take: Take | null = null;
  #resolve: (() => void) | null = null;
  #reject: ((reason: unknown) => void) | null = null;
  #errorOf: ((failure: Failure) => Error) | null = null;

  constructor(hearer: Hearer, maxBytes: number) {
    this.#hearer = hearer;
    this.#maxBytes = maxBytes;
  }

  /** Puts the exchange under a deadline, before it is dispatched. */
  watch(deadline: Deadline): void {
    this.#deadline = deadline;
  }

  /** Ends the exchange now, closing its connection, for a reason other than the transport's. */
  fail(failure: Failure): void {
    this.#end(failure);
    this.#controller?.abort(abandoned);
  }

  /** Takes the body. `errorOf` makes the error of a failure. */
  each(take: Take, errorOf: (failure: Failure) => Error): Promise<void> {
    if (this.#take !== null) throw new TypeError('the body of an answer is taken once');
    this.#take = take;
    this.#errorOf = errorOf;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#pump();
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It ended while it waited for a connection.
    if (this.#ended) controller.abort(abandoned);
    else this.#deadline?.enter('first_byte');
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Head['headers'],
  ): void {
    if (this.#ended || status < 200) return;
    const encoding = headers['content-encoding'];
    const decoder = decoderFor(encoding === undefined ? '' : String(encoding));
    if (decoder === undefined) {
      this.fail(unreadable);
      return;
    }
    if (Number(headers['content-length'] ?? 0) > this.#maxBytes) {
      this.fail(tooLarge);
      return;
    }
    if (decoder !== null) this.#attach(decoder);
    this.#deadline?.enter('idle');
    this.#hearer.head({ status, headers });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#ended) return;
    this.#deadline?.alive();
    if (this.#decoder === null) {
      this.#accept(chunk);
      return;
    }
    this.#rawBytes += chunk.length;
    if (this.#rawBytes > this.#maxBytes) this.fail(tooLarge);
    else if (!this.#decoder.write(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#decoder === null) this.#end(null);
    else this.#decoder.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, thrown: Error): void {
    this.#end(failureOf(thrown, this.#controller !== null));
  }

  #attach(decoder: Transform): void {
    this.#decoder = decoder;
    decoder.on('data', (chunk: Buffer) => this.#accept(chunk));
    decoder.on('drain', () => this.#controller?.resume());
    decoder.on('end', () => this.#end(null));
    decoder.on('error', () => this.fail(unreadable));
  }

  #accept(chunk: Buffer): void {
    if (this.#ended) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.fail(tooLarge);
    else if (this.#take !== null && !this.#busy && this.#queue.length === 0) this.#hand(chunk);
    else this.#keep(chunk);
  }

  #keep(chunk: Buffer): void {
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    if (this.#queued > highWater) this.#hold(true);
  }

  #hand(chunk: Buffer): void {
    let taken: void | Promise<void>;
    try {
      taken = (this.#take as Take)(chunk);
    } catch (thrown) {
      this.#leave(thrown);
      return;
    }
    if (taken === undefined) return;
    this.#busy = true;
    taken.then(
      () => {
        this.#busy = false;
        this.#pump();
      },
      (thrown) => this.#leave(thrown),
    );
  }

  #pump(): void {
    while (!this.#busy && this.#resolve !== null) {
      const chunk = this.#queue.shift();
      if (chunk === undefined) break;
      this.#queued -= chunk.length;
      this.#hand(chunk);
    }
    if (this.#busy || this.#resolve === null) return;
    if (this.#ended) this.#settle();
    else this.#hold(false);
  }

  #hold(held: boolean): void {
    if (this.#paused === held) return;
    this.#paused = held;
    this.#deadline?.hold(held);
    const source = this.#decoder ?? this.#controller;
    if (held) source?.pause();
    else source?.resume();
  }

  /** The reader threw: nothing more goes to it, and the upstream is called off. */
  #leave(thrown: unknown): void {
    const reject = this.#reject;
    this.#resolve = this.#reject = null;
    this.#queue = [];
    this.fail({ outcome: 'cancelled', detail: '' });
    reject?.(thrown);
  }

  #end(failure: Failure | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#deadline?.end();
    if (failure !== null) this.#decoder?.destroy();
    if (failure?.outcome === 'cancelled') this.#drop();
    this.#hearer.ended(failure);
    this.#pump();
  }

  #drop(): void {
    this.#queue = [];
    this.#busy = false;
  }

  #settle(): void {
    const { resolve, reject } = { resolve: this.#resolve, reject: this.#reject };
    this.#resolve = this.#reject = null;
    if (this.#failure === null) resolve?.();
    else reject?.((this.#errorOf as (failure: Failure) => Error)(this.#failure));
  }
}
