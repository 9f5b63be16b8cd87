import type { JWTPayload, JWTVerifyOptions } from 'jose';
import { type CryptoKey, decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { asymmetric, whyRefused } from '../token-refusal.ts';
import { leewaySeconds } from './lifetime.ts';
import { OAuthError } from './oauth-error.ts';
import type { LiveKey } from './standing.ts';

/** How far ahead an assertion may end, in seconds. */
const longestSeconds = 300;
const mostKeys = 16;
const types = [undefined, 'JWT', 'client-authentication+jwt'];
const agentName = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;

/** The agent that an assertion says it is from, unverified; null for one of somebody else. */
export function selfIssuer(assertion: string): string | null {
  try {
    const { iss, sub } = decodeJwt(assertion);
    return iss !== undefined && iss === sub && agentName.test(iss) ? iss : null;
  } catch {
    return null;
  }
}

/** What is left of an assertion that was verified: what must be used once, and with which key. */
export interface VerifiedAssertion {
  readonly jti: string;
  /** Unix time in milliseconds after which it would count for nothing. */
  readonly until: number;
  readonly key: string;
}

/**
 * Verifies a client's assertion about itself (RFC 7523, section 3; OpenID Connect Core, section 9,
 * private_key_jwt) with the keys of the agent of that name. Its one-time use is left to the caller.
 *
 * @throws OAuthError `invalid_client`.
 */
export async function verifyAssertion(
  assertion: string,
  { name, keys }: { readonly name: string; readonly keys: readonly LiveKey[] },
  audiences: readonly string[],
  now: number,
): Promise<VerifiedAssertion> {
  const { typ, alg = '', kid } = headerOf(assertion);
  // A proof of possession or another JWT by the same key is no assertion.
  if (!types.includes(typ)) throw refusedClient('the `typ` of the assertion is another');
  if (!asymmetric.includes(alg)) {
    throw refusedClient(`the algorithm of the assertion is not one of ${asymmetric.join(', ')}`);
  }
  const fitting = keys.filter(
    ({ id, jwk }) =>
      (kid === undefined || kid === id || kid === jwk.kid) &&
      (jwk.alg === undefined || jwk.alg === alg),
  );
  let why = 'it is signed with no key that is registered for the agent';
  for (const { id, jwk } of fitting.slice(0, mostKeys)) {
    try {
      const key = (await importJWK(jwk, alg)) as CryptoKey;
      const options: JWTVerifyOptions = {
        algorithms: [alg],
        issuer: name,
        subject: name,
        clockTolerance: leewaySeconds,
        currentDate: new Date(now),
        requiredClaims: ['exp', 'jti', 'aud'],
      };
      const { payload } = await jwtVerify(assertion, key, options);
      return { ...checked(payload, audiences, now), key: id };
    } catch (cause) {
      if (cause instanceof OAuthError) throw cause;
      if (isSignature(cause)) continue;
      why = whyRefused(cause, asymmetric);
    }
  }
  throw refusedClient(`the assertion does not count: ${why}`);
}

/** `invalid_client` (RFC 6749, section 5.2). */
export function refusedClient(why: string, cause?: unknown): OAuthError {
  return new OAuthError('invalid_client', why, { cause });
}

function headerOf(assertion: string) {
  try {
    return decodeProtectedHeader(assertion);
  } catch (cause) {
    throw refusedClient('the assertion is no signed JWT', cause);
  }
}

// Another key may fit; a claim that does not fit will not with another key either.
function isSignature(cause: unknown): boolean {
  const { code = '' } = cause as { code?: string };
  return !code.startsWith('ERR_JWT_');
}

function checked(
  { aud, exp = 0, iat, jti = '' }: JWTPayload,
  ours: readonly string[],
  now: number,
) {
  const second = now / 1000;
  const all = typeof aud === 'string' ? [aud] : (aud ?? []);
  // Every one of them is ours: an assertion for somebody else too could be brought here by them.
  if (all.length === 0 || !all.every((one) => ours.includes(one))) {
    throw refusedClient('the `aud` of the assertion is neither the issuer nor this endpoint');
  }
  if (exp > second + longestSeconds + leewaySeconds) {
    throw refusedClient(`the assertion lives longer than ${longestSeconds} s`);
  }
  if (iat !== undefined && iat > second + leewaySeconds) {
    throw refusedClient('the assertion is issued in the future');
  }
  if (typeof jti !== 'string' || jti === '' || jti.length > 200) {
    throw refusedClient('the `jti` of the assertion is no id of 1 to 200 characters');
  }
  return { jti, until: (exp + leewaySeconds) * 1000 };
}
