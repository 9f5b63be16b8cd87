import {
  createLocalJWKSet,
  decodeJwt,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  type LocalJWKSet,
} from 'jose';
import { type Clock, GatehouseError } from '../kernel/index.ts';
import { delegation, isRecordable } from './delegation.ts';
import { markedId } from './federation/signed-token.ts';
import { asymmetric, tokenRefused, whyRefused } from './token-refusal.ts';
import { leewaySeconds, longestSeconds } from './tokens/lifetime.ts';
import type { VerifiedToken } from './verified-token.ts';

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

/** Resolves for a token that counts; rejects with `unauthenticated` and the reason for any other. */
export type TokenVerifier = (token: string) => Promise<VerifiedToken>;

const required = ['iss', 'aud', 'exp', 'iat', 'sub', 'client_id', 'jti'];

interface KnownIssuer {
  readonly from: Issuer;
  readonly keys: LocalJWKSet;
}

/**
 * Verifies tokens of the issuers. A token that is bound to a key comes with the thumbprint of it: whoever asked must see the
 * proof (RFC 9449, section 7.2).
 *
 * @throws GatehouseError `bad_config` for a JWK set that cannot be used.
 */
export function tokenVerifier(issuers: readonly Issuer[], clock: Clock): TokenVerifier {
  const known = new Map<string, KnownIssuer>();
  for (const from of issuers) {
    if (known.has(from.issuer)) {
      throw new GatehouseError('bad_config', `issuer \`${from.issuer}\` is listed twice`);
    }
    known.set(from.issuer, { from, keys: keysOf(from) });
  }
  return async (token) => {
    const issuer = known.get(claimedIssuer(token));
    if (issuer === undefined) {
      throw tokenRefused('its issuer is not trusted here (identity.issuers)');
    }
    return read(await verified(issuer, token, clock.now()), issuer.from);
  };
}

async function verified(issuer: KnownIssuer, token: string, now: number): Promise<JWTPayload> {
  let payload: JWTPayload;
  try {
    const answer = await jwtVerify(token, issuer.keys, {
      algorithms: [...asymmetric],
      typ: 'at+jwt',
      issuer: issuer.from.issuer,
      audience: issuer.from.audience,
      clockTolerance: leewaySeconds,
      currentDate: new Date(now),
      requiredClaims: required,
    });
    payload = answer.payload;
  } catch (cause) {
    throw tokenRefused(whyRefused(cause, asymmetric), cause);
  }
  const { iat = 0, exp = 0 } = payload;
  if (iat > now / 1000 + leewaySeconds) throw tokenRefused('it is issued in the future');
  if (exp - iat > longestSeconds + leewaySeconds) {
    throw tokenRefused(`it lives longer than ${longestSeconds} s; ask for a shorter one`);
  }
  return payload;
}

function read(payload: JWTPayload, issuer: Issuer): VerifiedToken {
  const agent = payload[issuer.agentClaim ?? 'client_id'];
  const { sub, jti, exp = 0 } = payload;
  if (!isName(agent) || !isName(sub) || !isName(jti)) {
    throw tokenRefused('its names are not texts');
  }
  const actors = delegation(payload.act, sub, agent);
  if (actors === null) {
    throw tokenRefused('its `act` claim is malformed (RFC 8693, section 4.1)');
  }
  const thumbprint = boundTo(payload['cnf']);
  const expires = exp * 1000;
  // Scopes elsewhere are names that say nothing here.
  const rest = { scopes: null, thumbprint, bound: thumbprint !== null, parents: [] };
  // No issuer can take an id of another, or one of ours.
  const id = markedId(issuer.issuer, jti);
  if (!isRecordable(id)) throw tokenRefused('its `jti` is too long');
  return { kind: 'at+jwt', agent, id, expires, actors, ...rest };
}

/** The thumbprint of `cnf` (RFC 7800, RFC 9449, section 6.1); null where there is no `cnf`. */
function boundTo(cnf: unknown): string | null {
  if (cnf === undefined) return null;
  const { jkt, ...more } = (cnf ?? {}) as { jkt?: unknown };
  const only = Object.keys(more).length === 0;
  if (only && typeof jkt === 'string' && /^[A-Za-z0-9_-]{43}$/.test(jkt)) return jkt;
  // INVARIANT: a binding that cannot be checked is never taken for none.
  throw tokenRefused('it is bound to a key in a way that is not known here (`cnf`)');
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && isRecordable(value);
}

// Unverified: it only selects whose keys the token must then be verified with.
function claimedIssuer(token: string): string {
  try {
    return decodeJwt(token).iss ?? '';
  } catch (cause) {
    throw tokenRefused('it is no signed JWT', cause);
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
