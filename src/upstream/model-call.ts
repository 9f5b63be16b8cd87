/** One choice of where a call may go: an upstream by name, and the exact version asked of it. */
export interface Candidate {
  readonly upstream: string;
  readonly model: string;
}

/**
 * A model call, as it is sent. The first candidate is the one wanted, the others stand in for it in
 * their order. `path` is the dialect's own (`/v1/chat/completions`). `body` gives the JSON for a model
 * and is called at most once for each candidate that is tried. Of `headers` only `anthropic-version`
 * and `anthropic-beta` (lower case) pass, and only to an `anthropic` upstream.
 */
export interface ModelCall {
  readonly candidates: readonly Candidate[];
  readonly path: string;
  readonly body: (model: string) => string | Buffer;
  readonly stream: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** The caller's presence: when it aborts, the upstream's connection is closed in the same tick. */
  readonly signal: AbortSignal;
}

/** How a try ended. `ok` and `status` mean that an answer came; the others name what went wrong. */
export type Outcome =
  | 'ok'
  | 'status'
  | 'refused'
  | 'connect'
  | 'broken'
  | 'invalid'
  | 'too_large'
  | 'timeout_connect'
  | 'timeout_first_byte'
  | 'timeout_idle'
  | 'timeout_total'
  | 'cancelled';

/** One try, for the record. `ms` runs to the head of the answer; `status` is there if one came. */
export interface Attempt {
  readonly upstream: string;
  readonly model: string;
  readonly outcome: Outcome;
  readonly status?: number;
  readonly ms: number;
}

/**
 * What an upstream answered, from the moment its head is there. Statuses are 2xx and 4xx without
 * 401, 403 and 407, which are about our credentials: all others have become errors. The body is taken once, by `each` or by `whole`; who wants neither calls
 * `cancel`. The body is decoded and never longer than the upstream's `maxAnswerBytes`.
 */
export interface Answer {
  readonly status: number;
  /** Lower case, and only `content-type`, `retry-after`, `request-id` and `x-request-id`, well formed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly upstream: string;
  readonly model: string;
  readonly attempts: readonly Attempt[];
  /**
   * Hands each piece on as it comes. While a promise that `take` returned is pending, no further
   * piece is handed on and the upstream is held back. Resolves after the last piece.
   *
   * @throws UpstreamError when the answer breaks off, after the pieces that came; or what `take` threw.
   */
  each(take: (chunk: Buffer) => void | Promise<void>): Promise<void>;
  /** The whole body. @throws UpstreamError when it breaks off. */
  whole(): Promise<Buffer>;
  /** Ends the upstream's work at once; a pending `each` or `whole` rejects. */
  cancel(): void;
}
