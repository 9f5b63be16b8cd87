import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import { Recent } from '../../kernel/index.ts';

/** The public key that a proof shows. `thumbprint` is that of RFC 7638 (SHA-256, base64url). */
export interface ProofKey {
  readonly thumbprint: string;
  readonly key: CryptoKey;
}

const kinds = ['EC', 'OKP', 'RSA'];
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
const longestKey = 2_000;
const mostKeys = 4_000;

/** Keys of proofs, read once: agents use one for many proofs. */
export class ProofKeys {
  readonly #known = new Recent<ProofKey>(mostKeys);

  /** The key of a `jwk` header; null unless it is a public, asymmetric one that fits `alg`. */
  async read(jwk: unknown, alg: string): Promise<ProofKey | null> {
    if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return null;
    const text = `${alg} ${JSON.stringify(jwk)}`;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (text.length > longestKey || secretMembers.some((name) => name in jwk)) return null;
    if (!kinds.includes((jwk as JWK).kty ?? '')) return null;
    try {
      const key = (await importJWK(jwk as JWK, alg)) as CryptoKey;
      const found = { thumbprint: await calculateJwkThumbprint(jwk as JWK), key };
      this.#known.set(text, found);
      return found;
    } catch {
      return null;
    }
  }
}
