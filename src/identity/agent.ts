import type { JWK } from 'jose';

/** A registered agent. Times are Unix time in milliseconds. */
export interface Agent {
  readonly id: string;
  readonly name: string;
  /** The person answerable for it. */
  readonly owner: string;
  readonly purpose: string;
  readonly tenant: string;
  /** How much harm it could do, from 0 to 100. */
  readonly risk: number;
  readonly created: number;
  readonly disabled: number | null;
}

/** What is kept of a static key. The key itself is not. */
export interface AgentKey {
  readonly id: string;
  readonly agent: string;
  readonly created: number;
  readonly expires: number;
  readonly revoked: number | null;
}

/** A public key of an agent. `id` is its RFC 7638 thumbprint (SHA-256, base64url). */
export interface AgentPublicKey {
  readonly id: string;
  readonly agent: string;
  readonly jwk: JWK;
  readonly created: number;
  readonly revoked: number | null;
}

/**
 * An identity elsewhere that stands for an agent. `issuer` is a SPIFFE trust domain or the `iss` of
 * OIDC tokens; `subject` the exact SPIFFE ID or `sub`, null where `claims` alone decide. A claim's
 * value is matched exactly.
 */
export interface AgentIdentity {
  readonly id: string;
  readonly agent: string;
  readonly kind: 'spiffe' | 'oidc';
  readonly issuer: string;
  readonly subject: string | null;
  readonly claims: Readonly<Record<string, string>>;
  readonly created: number;
  readonly revoked: number | null;
}
