import type { JWTPayload } from 'jose';
import type { KnownIssuer } from './issuers.ts';
import { longestName } from './plain-text.ts';
import { issuerAlgorithms, textClaim, verifiedClaims } from './signed-token.ts';

/** Of an ID token or an access token. Other kinds (`oauth-id-jag+jwt`, `dpop+jwt`) are other things. */
const types = [undefined, 'JWT', 'jwt', 'at+jwt', 'application/at+jwt'];

/**
 * The claims of an OIDC workload token of that issuer (OpenID Connect Core, section 3.1.3.7, for
 * tokens that no person asked for). `sub` is a text.
 *
 * @param now Unix time in milliseconds.
 * @throws GatehouseError `unauthenticated`
 */
export async function verifyOidcToken(
  token: string,
  { issuer, audience, keys }: KnownIssuer,
  now: number,
): Promise<JWTPayload & { readonly sub: string }> {
  const claims = await verifiedClaims(token, {
    keys,
    algorithms: issuerAlgorithms,
    types,
    kidRequired: false,
    issuer,
    audience,
    required: ['iss', 'sub', 'aud', 'exp', 'iat'],
    now,
  });
  return { ...claims, sub: textClaim(claims, 'sub', longestName) };
}
