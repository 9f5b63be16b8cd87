import {
  createLocalJWKSet,
  decodeJwt,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  type LocalJWKSet,
} from 'jose';
import { type Actor, type Clock, GatehouseError } from '../kernel/index.ts';
import { delegation, isRecordable } from './delegation.ts';

/**
 * A token service whose at+jwt (RFC 9068) count. `jwks` is its JWK set, as an object or as the text
 * of a file. `agentClaim` names the claim that holds the registered name of the agent.
 */
export interface Issuer {
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: JSONWebKeySet | string;
  readonly agentClaim?: 'client_id' | 'sub';
}

/** What a token says once it is verified. `expires` is Unix time in milliseconds. */
export interface VerifiedToken {
  readonly agent: string;
  readonly id: string;
  readonly expires: number;
  readonly actors: readonly Actor[];
}

/** Resolves for a token that counts; rejects with `unauthenticated` and the reason for any other. */
export type TokenVerifier = (token: string) => Promise<VerifiedToken>;

/** Asymmetric signatures only: a symmetric one could be forged by whoever may verify it. */
const algorithms = ['EdDSA', 'Ed25519', 'ES256', 'ES384', 'RS256', 'PS256'];

const longestSeconds = 300;
/** What clocks may differ by. */
const leewaySeconds = 5;
const required = ['iss', 'aud', 'exp', 'iat', 'sub', 'client_id', 'jti'];

interface KnownIssuer {
  readonly from: Issuer;
  readonly keys: LocalJWKSet;
}

/** @throws GatehouseError `bad_config` for a JWK set that cannot be used. */
export function tokenVerifier(issuers: readonly Issuer[], clock: Clock): TokenVerifier {
  const known = new Map<string, KnownIssuer>();
  for (const from of issuers) {
    if (known.has(from.issuer)) {
      throw new GatehouseError('bad_config', `issuer \`${from.issuer}\` is listed twice`);
    }
    known.set(from.issuer, { from, keys: keysOf(from) });
  }
  return async (token) => {
    const payload = await verified(known, token, clock.now());
    return read(payload, known.get(payload.iss as string)?.from as Issuer);
  };
}

async function verified(
  known: ReadonlyMap<string, KnownIssuer>,
  token: string,
  now: number,
): Promise<JWTPayload> {
  const issuer = known.get(claimedIssuer(token));
  if (issuer === undefined) throw refused('its issuer is not trusted here (identity.issuers)');
  let payload: JWTPayload;
  try {
    const answer = await jwtVerify(token, issuer.keys, {
      algorithms,
      typ: 'at+jwt',
      issuer: issuer.from.issuer,
      audience: issuer.from.audience,
      clockTolerance: leewaySeconds,
      currentDate: new Date(now),
      requiredClaims: required,
    });
    payload = answer.payload;
  } catch (cause) {
    throw refused(whyNot(cause), cause);
  }
  const { iat = 0, exp = 0 } = payload;
  if (iat > now / 1000 + leewaySeconds) throw refused('it is issued in the future');
  if (exp - iat > longestSeconds + leewaySeconds) {
    throw refused(`it lives longer than ${longestSeconds} s; ask for a shorter one`);
  }
  // RFC 9449, section 7.2: a bound token without its proof is a stolen one.
  if (payload.cnf !== undefined) throw refused('it is bound to a key, and no proof came with it');
  return payload;
}

function read(payload: JWTPayload, issuer: Issuer): VerifiedToken {
  const agent = payload[issuer.agentClaim ?? 'client_id'];
  const { sub, jti, exp = 0 } = payload;
  if (!isName(agent) || !isName(sub) || !isName(jti)) throw refused('its names are not texts');
  const actors = delegation(payload.act, sub, agent);
  if (actors === null) throw refused('its `act` claim is malformed (RFC 8693, section 4.1)');
  return { agent, id: jti, expires: exp * 1000, actors };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && isRecordable(value);
}

// Unverified: it only selects whose keys the token must then be verified with.
function claimedIssuer(token: string): string {
  try {
    return decodeJwt(token).iss ?? '';
  } catch (cause) {
    throw refused('it is no signed JWT', cause);
  }
}

// jose's codes, told in our words; its messages may quote the token.
function whyNot(cause: unknown): string {
  const { code = '', claim = '' } = cause as { code?: string; claim?: string };
  switch (code) {
    case 'ERR_JWT_EXPIRED':
      return 'it has expired; get a fresh one';
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      return `its \`${claim}\` does not fit`;
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
      return `its algorithm is not one of ${algorithms.join(', ')}`;
    case 'ERR_JWKS_NO_MATCHING_KEY':
      return 'it is signed with a key that is not in the JWK set of its issuer';
    case 'ERR_JWKS_MULTIPLE_MATCHING_KEYS':
      return 'several keys of its issuer fit; set `kid`';
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
      return 'its signature is wrong';
    default:
      return 'it is malformed';
  }
}

function keysOf({ issuer, jwks }: Issuer): LocalJWKSet {
  try {
    const set = (typeof jwks === 'string' ? JSON.parse(jwks) : jwks) as JSONWebKeySet;
    const secret = set.keys.find((key) => key.kty === 'oct' || key.d !== undefined);
    if (secret !== undefined) throw new TypeError('a secret key');
    return createLocalJWKSet(set);
  } catch (cause) {
    const message = `the JWK set of issuer \`${issuer}\` cannot be used; it must hold public keys only`;
    throw new GatehouseError('bad_config', message, { cause });
  }
}

function refused(why: string, cause?: unknown): GatehouseError {
  return new GatehouseError('unauthenticated', `this token does not count: ${why}`, { cause });
}
