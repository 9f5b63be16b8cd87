/**
 * A verified identity elsewhere. `issuer` is a trust domain, or the `iss` of OIDC tokens; `subject`
 * the SPIFFE ID or `sub`; `claims` everything that the token says.
 */
export interface Outside {
  readonly kind: 'spiffe' | 'oidc';
  readonly issuer: string;
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
}
