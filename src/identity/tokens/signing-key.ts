import { createECDH } from 'node:crypto';
import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import type { Kms } from '../../store/index.ts';

/** A key of the token service, ES256. `id` is its RFC 7638 thumbprint, and its `kid`. */
export interface SigningKey {
  readonly id: string;
  /** As it is published: without the private part. */
  readonly published: JWK;
  readonly secret: CryptoKey;
  readonly open: CryptoKey;
}

/** A key as it is stored: all of it wrapped, and beside that what anyone may read. */
export interface StoredKey {
  readonly id: string;
  readonly jwk: JWK;
  readonly wrapped: Buffer;
}

const coordinateBytes = 32;

/** A new key of the given randomness, wrapped. */
export async function newKey(kms: Kms, random: (size: number) => Uint8Array): Promise<StoredKey> {
  const pair = createECDH('prime256v1');
  const secret = Buffer.from(random(coordinateBytes));
  pair.setPrivateKey(secret);
  const point = pair.getPublicKey();
  const x = point.subarray(1, 1 + coordinateBytes).toString('base64url');
  const y = point.subarray(1 + coordinateBytes).toString('base64url');
  const jwk: JWK = { kty: 'EC', crv: 'P-256', x, y };
  const whole = Buffer.from(JSON.stringify({ ...jwk, d: secret.toString('base64url') }));
  secret.fill(0);
  const wrapped = await kms.wrap(whole);
  whole.fill(0);
  return { id: await calculateJwkThumbprint(jwk), jwk, wrapped };
}

/**
 * The key that was wrapped.
 *
 * INVARIANT: nothing of it comes from what stands beside the wrapped bytes, so that whoever can
 * write to the database alone cannot add a key that would be believed.
 */
export async function unwrapped({ id, wrapped }: StoredKey, kms: Kms): Promise<SigningKey> {
  const whole = await kms.unwrap(wrapped);
  const jwk = JSON.parse(whole.toString()) as JWK;
  whole.fill(0);
  const { d: _, ...open } = jwk;
  if ((await calculateJwkThumbprint(open)) !== id) throw new TypeError(`it is not key \`${id}\``);
  return {
    id,
    published: { ...open, kid: id, alg: 'ES256', use: 'sig' },
    secret: (await importJWK(jwk, 'ES256')) as CryptoKey,
    open: (await importJWK(open, 'ES256')) as CryptoKey,
  };
}
