import type { Presented } from './presented.ts';
import type { VerifiedToken } from './verified-token.ts';

/**
 * Finds out what a credential of one kind says. What it answers rests on the credential (or the
 * certificates, where none is sent) alone, never on the proof, the method or the URL: an answer is
 * remembered for other requests with the same credential.
 */
export interface Verifier {
  /** Tokens of our own service: every agent in their chain must then be registered here. */
  readonly own: boolean;
  /**
   * Null for what is not of its kind, so that the next verifier is asked: another form, or an issuer
   * that it does not know. Rejects with `unauthenticated` and the reason for one that is and fails.
   */
  verify(presented: Presented): Promise<VerifiedToken | null>;
}

/** Proof of possession (RFC 9449). */
export interface Proofs {
  /**
   * Resolves if the request proves that its caller holds the key with this RFC 7638 thumbprint, in a
   * proof that was never used before. @throws GatehouseError `unauthenticated`.
   */
  check(presented: Presented, thumbprint: string): Promise<void> | void;
}
