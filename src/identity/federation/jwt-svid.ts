import type { JWTPayload } from 'jose';
import { refused } from './refusal.ts';
import { svidAlgorithms, verifiedClaims } from './signed-token.ts';
import { parseSpiffeId, type SpiffeId } from './spiffe-id.ts';
import type { BundleSource } from './trust-domains.ts';

/** A JWT-SVID that counts, and its claims. */
export interface JwtSvid {
  readonly spiffeId: SpiffeId;
  readonly claims: JWTPayload;
}

interface JwtSvidRules {
  readonly domains: ReadonlyMap<string, BundleSource>;
  readonly audience: string;
  /** Unix time in milliseconds. */
  readonly now: number;
}

/**
 * Verifies a JWT-SVID (SPIFFE JWT-SVID, sections 2 to 4), stricter in one thing: it must have a
 * `kid`.
 *
 * INVARIANT: only keys from the bundle of the trust domain that `sub` names can verify it.
 *
 * @param sub the claim as it stands in the token, which is not verified yet: it chooses the bundle.
 * @throws GatehouseError `unauthenticated`
 */
export async function verifyJwtSvid(
  token: string,
  sub: unknown,
  { domains, audience, now }: JwtSvidRules,
): Promise<JwtSvid> {
  const spiffeId = parseSpiffeId(sub);
  const source = domains.get(spiffeId.trustDomain);
  if (source === undefined) {
    throw refused(`trust domain \`${spiffeId.trustDomain}\` is not trusted here`);
  }
  const claims = await verifiedClaims(token, {
    keys: {
      current: async () => (await source.current()).keys,
      renewed: async () => (await source.renewed()).keys,
    },
    algorithms: svidAlgorithms,
    types: [undefined, 'JWT', 'JOSE'],
    kidRequired: true,
    audience,
    required: ['sub', 'aud', 'exp'],
    now,
  });
  // What was verified is what chose the keys.
  if (claims.sub !== spiffeId.id) throw refused('its `sub` does not fit');
  return { spiffeId, claims };
}
