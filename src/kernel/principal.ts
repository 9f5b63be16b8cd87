/** How a principal proved who it is. `id` names the credential and is never the credential itself. */
export interface Credential {
  readonly kind: 'static-key' | 'at+jwt' | 'session' | 'internal';
  readonly id: string;
  /** Unix time in milliseconds after which the credential no longer counts. */
  readonly expires: number;
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
  readonly actors: readonly Actor[];
}
