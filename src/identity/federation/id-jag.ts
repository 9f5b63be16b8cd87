import type { KnownIssuer } from './issuers.ts';
import { refused } from './refusal.ts';
import {
  boundTo,
  issuerAlgorithms,
  leewaySeconds,
  markedId,
  textClaim,
  verifiedClaims,
} from './signed-token.ts';

/**
 * What an identity assertion says: a person lets an agent act
 * (draft-ietf-oauth-identity-assertion-authz-grant). `expires` is Unix time in milliseconds.
 */
export interface IdJag {
  readonly issuer: string;
  /** Whom it is about, by the issuer's name. */
  readonly subject: string;
  /** Whom it is for: the client that may use it. */
  readonly clientId: string;
  /** Null: none are named. */
  readonly scopes: readonly string[] | null;
  /** Its `jti` under its issuer's mark. It counts once; that is for the caller to see to. */
  readonly id: string;
  readonly expires: number;
  /** RFC 7638 thumbprint of the key whose proof must come with it; null: none. */
  readonly thumbprint: string | null;
}

interface IdJagRules {
  /** Our own issuer identifier (RFC 8414). */
  readonly issuer: string;
  /** Resources that it may be about, besides us: our audience. */
  readonly audience: string;
  /** Unix time in milliseconds. */
  readonly now: number;
}

const longestSeconds = 300;
/** What the record holds of a name. */
const longestRecorded = 200;
/** The same without the mark. */
const longestId = 187;
const required = ['iss', 'sub', 'aud', 'client_id', 'jti', 'exp', 'iat'];

/**
 * Verifies an identity assertion (draft-ietf-oauth-identity-assertion-authz-grant, sections 3 and
 * 4.4): of that issuer, for us alone, of at most 5 minutes.
 *
 * @throws GatehouseError `unauthenticated`
 */
export async function verifyIdJagOf(
  assertion: string,
  from: KnownIssuer,
  { issuer, audience, now }: IdJagRules,
): Promise<IdJag> {
  if (!from.idJag) throw refused(`identity assertions of \`${from.issuer}\` do not count here`);
  const claims = await verifiedClaims(assertion, {
    keys: from.keys,
    algorithms: issuerAlgorithms,
    types: ['oauth-id-jag+jwt', 'application/oauth-id-jag+jwt'],
    kidRequired: false,
    issuer: from.issuer,
    audience: issuer,
    required,
    now,
  });
  const { iat = 0, exp = 0, aud, scope, resource } = claims;
  // Shown to two, either could use it with the other.
  if (Array.isArray(aud) && aud.length !== 1) throw refused('its `aud` names others too');
  if (exp - iat > longestSeconds) {
    throw refused(`it lives longer than ${longestSeconds} s; ask for a shorter one`);
  }
  if (iat < now / 1000 - longestSeconds - leewaySeconds) throw refused('it is too old');
  if (
    resource !== undefined &&
    !textsOf(resource).some((one) => one === issuer || one === audience)
  ) {
    throw refused('its `resource` is another');
  }
  return {
    issuer: from.issuer,
    subject: textClaim(claims, 'sub', longestRecorded),
    clientId: textClaim(claims, 'client_id', longestRecorded),
    scopes: scope === undefined ? null : scopesOf(scope),
    id: markedId(from.issuer, textClaim(claims, 'jti', longestId)),
    expires: exp * 1000,
    thumbprint: boundTo(claims),
  };
}

function textsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

// RFC 6749, section 3.3.
function scopesOf(scope: unknown): readonly string[] {
  if (typeof scope !== 'string') throw refused('its `scope` is no text');
  const scopes = scope.split(' ').filter((one) => one !== '');
  if (scopes.every((one) => /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(one))) return scopes;
  throw refused('its `scope` is malformed (RFC 6749, section 3.3)');
}
