import { type CryptoKey, importJWK, type JWK } from 'jose';

/** The public keys of one issuer, found by `kid`. */
export interface KeySet {
  /**
   * The key for a token's header. Without `kid` it is the only key that fits the algorithm. Null
   * when there is none, or more than one.
   */
  find(kid: string | undefined, alg: string): Promise<CryptoKey | null>;
}

const types: Readonly<Record<string, string>> = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' };
const curves: Readonly<Record<string, string>> = {
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
  EdDSA: 'Ed25519',
  Ed25519: 'Ed25519',
};
const mostKeys = 1000;

/**
 * The members of a JWK Set (RFC 7517, section 5), read from JSON. Every one is an object.
 *
 * @throws TypeError for anything else, and for a set that shows a secret key.
 */
export function keysOfDocument(document: unknown): readonly JWK[] {
  const keys = (document as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new TypeError('it has no `keys`');
  if (keys.length > mostKeys) throw new TypeError(`it has more than ${mostKeys} keys`);
  for (const key of keys as readonly unknown[]) {
    if (typeof key !== 'object' || key === null || Array.isArray(key)) {
      throw new TypeError('one of its keys is no object');
    }
    const { kty, d } = key as JWK;
    if (kty === 'oct' || d !== undefined) throw new TypeError('it holds a secret key');
  }
  return keys as readonly JWK[];
}

export function openKeySet(keys: readonly JWK[]): KeySet {
  const imported = new Map<JWK, Map<string, Promise<CryptoKey | null>>>();
  return {
    async find(kid, alg) {
      const fitting = keys.filter(
        (key) => (kid === undefined || key.kid === kid) && fits(key, alg),
      );
      const [key, ...more] = fitting;
      if (key === undefined || more.length > 0) return null;
      const byAlg = imported.get(key) ?? new Map<string, Promise<CryptoKey | null>>();
      imported.set(key, byAlg);
      const done = byAlg.get(alg) ?? imports(key, alg);
      byAlg.set(alg, done);
      return done;
    },
  };
}

// INVARIANT: the key says what it is for; the token's header only chooses among keys that fit.
function fits({ kty, crv, alg, key_ops }: JWK, wanted: string): boolean {
  if (types[wanted.slice(0, 2)] !== kty) return false;
  if (alg !== undefined && alg !== wanted && !sameCurve(alg, wanted)) return false;
  if (Array.isArray(key_ops) && !key_ops.includes('verify')) return false;
  return curves[wanted] === undefined || curves[wanted] === crv;
}

// RFC 9864: `Ed25519` is the full name of what `EdDSA` left open.
function sameCurve(one: string, other: string): boolean {
  return one.startsWith('Ed') && other.startsWith('Ed');
}

async function imports({ kty, n, e, crv, x, y }: JWK, alg: string): Promise<CryptoKey | null> {
  const members = Object.entries({ kty, n, e, crv, x, y }).filter(
    ([, value]) => value !== undefined,
  );
  try {
    const key = await importJWK(Object.fromEntries(members) as JWK, alg);
    return key instanceof Uint8Array ? null : key;
  } catch {
    // A key that cannot be read verifies nothing.
    return null;
  }
}
