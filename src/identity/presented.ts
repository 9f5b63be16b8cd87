/**
 * What a caller shows of itself: one credential and, where it has to, the proof that it holds the
 * key that the credential is bound to.
 */
export interface Presented {
  /** `bearer` (RFC 6750, or `x-api-key`), `dpop` (RFC 9449, section 7.1); `none`: no credential. */
  readonly scheme: 'bearer' | 'dpop' | 'none';
  readonly credential: string | null;
  /** The `DPoP` header. */
  readonly proof: string | null;
  /** Of the request: the proof is for these. `url` is without query and fragment. */
  readonly method: string;
  readonly url: string;
  /** The client's certificate chain as the TLS connection showed it, DER, leaf first; empty without. */
  readonly certificates: readonly Uint8Array[];
}
