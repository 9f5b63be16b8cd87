import type { JsonObject } from './json.ts';

/**
 * A body that belongs to an entry (a prompt, an answer, arguments). It is stored encrypted under
 * the data key of `owner`, the one it is about, so that shredding that key shreds the body; the
 * entry holds only a commitment to it.
 */
export interface Body {
  readonly role: string;
  readonly owner: string;
  readonly bytes: Uint8Array;
}

/** How an entry names a stored body. `commitment` is an HMAC under a key derived from the data key. */
export interface BodyRef {
  readonly role: string;
  readonly blob: string;
  readonly key: string;
  readonly bytes: number;
  readonly commitment: string;
}

/**
 * Something that must be had in the same transaction as the decision: a budget reservation or an
 * approval's only use. `kind` selects who settles it.
 */
export interface Claim {
  readonly kind: string;
  readonly key: string;
  readonly amount: number;
  readonly evidence?: JsonObject;
}

/** A claim that could not be had, and why. */
export interface Refusal {
  readonly claim: Claim;
  readonly reason: string;
}

/**
 * What is to be written. `entry` is composed inside the transaction, when it is known which claims
 * were refused and how the bodies are named.
 */
export interface Draft {
  readonly trace: string;
  readonly bodies: readonly Body[];
  readonly claims: readonly Claim[];
  entry(bodies: readonly BodyRef[], refused: readonly Refusal[]): JsonObject;
}

/** Where the entry stands in the log, and the claims that were refused. */
export interface Recorded {
  readonly index: number;
  readonly refused: readonly Refusal[];
}

/**
 * The record. `record` resolves when the entry is durable and rejects when it cannot be made so.
 * Entries of one recorder keep the order of the calls.
 */
export interface Recorder {
  record(draft: Draft): Promise<Recorded>;
}
