import { createHash } from 'node:crypto';
import { SignJWT } from 'jose';
import type { SigningKey } from './agent-key.ts';

/** `size` random bytes. */
export type Random = (size: number) => Uint8Array;

/** What a signature is made with: time in Unix milliseconds, and randomness for ids. */
export interface Moment {
  readonly now: number;
  readonly random: Random;
}

// Short, so that a stolen one is soon worth nothing; the service takes each once.
const assertionSeconds = 60;

/**
 * A client assertion (RFC 7523, sections 2.2 and 3): the agent says who it is, to one audience,
 * for a minute, once.
 */
export function clientAssertion(
  agent: string,
  audience: string,
  { secret, jwk }: SigningKey,
  { now, random }: Moment,
): Promise<string> {
  const issued = Math.floor(now / 1000);
  return new SignJWT({
    iss: agent,
    sub: agent,
    aud: audience,
    jti: id(random),
    iat: issued,
    exp: issued + assertionSeconds,
  })
    .setProtectedHeader({ alg: 'ES256', kid: jwk.kid, typ: 'JWT' })
    .sign(secret);
}

/** The request that a proof is for. `token` is the access token that goes along, if one does. */
export interface Proven {
  readonly method: string;
  readonly url: string;
  readonly token?: string;
}

/** A DPoP proof (RFC 9449, section 4.2): whoever sends this request holds the key, now. */
export function dpopProof(
  { method, url, token }: Proven,
  { secret, jwk }: SigningKey,
  { now, random }: Moment,
): Promise<string> {
  const { origin, pathname } = new URL(url);
  return new SignJWT({
    htm: method,
    htu: origin + pathname,
    jti: id(random),
    iat: Math.floor(now / 1000),
    ...(token === undefined ? {} : { ath: digest(token) }),
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: bare(jwk) })
    .sign(secret);
}

function bare({ kty, crv, x, y }: SigningKey['jwk']): { [member: string]: string } {
  return { kty, crv, x, y };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function id(random: Random): string {
  return Buffer.from(random(16)).toString('base64url');
}
