import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type JWK, type JWTPayload, SignJWT } from 'jose';

/** A key that signs tokens, and its public half as a JWK. */
export interface TokenKey {
  readonly kid: string;
  readonly alg: string;
  readonly jwk: JWK;
  /** The public half as people publish it. */
  readonly pem: string;
  sign(claims: JWTPayload, header?: Readonly<Record<string, unknown>>): Promise<string>;
}

const kinds: Readonly<Record<string, () => { publicKey: KeyObject; privateKey: KeyObject }>> = {
  RSA: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES512: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};

/** @param alg of the tokens that it signs; the header may say another. */
export function tokenKey(kid: string, alg = 'ES256', use?: string): TokenKey {
  const { publicKey, privateKey } = (kinds[alg] ?? kinds['RSA'])?.() ?? {};
  if (publicKey === undefined || privateKey === undefined) throw new Error(alg);
  const jwk = publicKey.export({ format: 'jwk' }) as JWK;
  return {
    kid,
    alg,
    jwk: { ...jwk, kid, ...(use === undefined ? {} : { use }) },
    pem: String(publicKey.export({ type: 'spki', format: 'pem' })),
    sign(claims, header = {}) {
      const all = { alg, kid, typ: 'JWT', ...header };
      const kept = Object.entries(all).filter(([, value]) => value !== undefined);
      return new SignJWT(claims)
        .setProtectedHeader(Object.fromEntries(kept) as { alg: string })
        .sign(privateKey);
    },
  };
}

/** A token without a signature. */
export function unsigned(claims: object, header: object = {}): string {
  return `${encoded({ alg: 'none', typ: 'JWT', kid: 'k1', ...header })}.${encoded(claims)}.`;
}

/** A token whose symmetric signature was made with what is public (RFC 8725, section 2.1). */
export function confused(claims: object, secret: string | Uint8Array, kid: string): string {
  const body = `${encoded({ alg: 'HS256', typ: 'JWT', kid })}.${encoded(claims)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
