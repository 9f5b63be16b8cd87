/** How a principal proved who it is. `id` names the credential and is never the credential itself. */
export interface Credential {
  readonly kind:
    | 'static-key'
    | 'at+jwt'
    | 'jwt-svid'
    | 'x509-svid'
    | 'oidc'
    | 'session'
    | 'internal';
  readonly id: string;
  /** Unix time in milliseconds after which the credential no longer counts. */
  readonly expires: number;
  /** Possession of a key was proved with it (DPoP, RFC 9449; mutual TLS): stolen, it is worth nothing. */
  readonly bound?: boolean;
  /** What it is good for, such as `call_model` or `call_model:general`. Absent: all that its agent may. */
  readonly scopes?: readonly string[];
  /** Credentials that it was exchanged from; when one of them ends, it ends. */
  readonly parents?: readonly string[];
}

/** One hop of a delegation, the nearest first (RFC 8693, section 4.1, `act`). */
export interface Actor {
  readonly kind: 'agent' | 'person';
  readonly id: string;
}

/**
 * Who asks: a person, an agent, or an agent acting for someone (`actors` then holds the chain).
 * Parsed from a credential before anything is judged.
 */
export interface Principal {
  readonly kind: 'agent' | 'person';
  readonly id: string;
  readonly name: string;
  /** The person answerable for it. */
  readonly owner: string;
  readonly tenant: string;
  readonly credential: Credential;
  /** How much harm it could do, from 0 to 100, as registered; absent: 0. */
  readonly risk?: number;
  readonly actors: readonly Actor[];
}
