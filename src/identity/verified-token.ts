import type { Actor, Credential } from '../kernel/index.ts';

/**
 * What a token or a certificate says once it is verified. Nothing of it has been held against the
 * register yet.
 */
export interface VerifiedToken {
  readonly kind: Extract<Credential['kind'], 'at+jwt' | 'jwt-svid' | 'x509-svid' | 'oidc'>;
  /** The registered name of the agent that it stands for. */
  readonly agent: string;
  /** Its `jti`, under a mark where its issuer is not we; of one without, a digest of it. Names it in the record and in revocations. */
  readonly id: string;
  /** Unix time in milliseconds. */
  readonly expires: number;
  /**
   * Unix time in milliseconds (`iat`); absent: 5 minutes before it expires. A token of our own that
   * was issued before a key or an identity of its agent was revoked does not count.
   */
  readonly issued?: number;
  /** The chain behind the agent, the nearest first. */
  readonly actors: readonly Actor[];
  /** What it is good for; null: everything that its agent may. */
  readonly scopes: readonly string[] | null;
  /**
   * RFC 7638 thumbprint of the key that it is bound to (`cnf.jkt`, RFC 9449); null for a bearer
   * token. A certificate has proved its key with the connection: null, and `bound` true.
   */
  readonly thumbprint: string | null;
  readonly bound: boolean;
  /** Ids of the tokens that it was exchanged from. */
  readonly parents: readonly string[];
}
