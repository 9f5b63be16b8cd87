import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { GatehouseError } from '../kernel/index.ts';

/** Members of private and of symmetric keys (RFC 7518, section 6; RFC 8037, section 2). */
const secret = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const curves = ['P-256', 'P-384', 'Ed25519'];
const leastBits = 2048;
const mostBits = 8192;

/** A public key in its one canonical form, with its RFC 7638 thumbprint (SHA-256, base64url). */
export interface PublicJwk {
  readonly thumbprint: string;
  readonly jwk: JWK;
}

/**
 * Reads a public key: EC on P-256 or P-384, Ed25519, or RSA of 2048 to 8192 bits. What else the JWK
 * says (`use`, `kid`, ...) is left out.
 *
 * @throws GatehouseError `bad_request` for any other; the message never quotes the key.
 */
export async function publicJwk(given: unknown): Promise<PublicJwk> {
  if (typeof given !== 'object' || given === null) throw refused('it is no JWK (RFC 7517)');
  const from = given as JsonWebKey & Record<string, unknown>;
  if (from.kty === 'oct' || secret.some((member) => from[member] !== undefined)) {
    const next = 'send the public part alone, and take a new key since this one was sent';
    throw refused(`it is private or symmetric, and nothing of it was kept; ${next}`);
  }
  const { kty = '', crv = '', x = '', y = '', n = '', e = '' } = from;
  if (kty !== 'RSA' && !((kty === 'EC' || kty === 'OKP') && curves.includes(crv))) {
    throw refused('its kind is not one of EC on P-256 or P-384, Ed25519, RSA');
  }
  const members =
    kty === 'RSA' ? { kty, n, e } : kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x };
  const key = keyOf(members);
  checkStrength(key);
  // Base64url can be written in several ways; exported, a key has one.
  const jwk = key.export({ format: 'jwk' }) as JWK;
  return { jwk, thumbprint: await calculateJwkThumbprint(jwk, 'sha256') };
}

function keyOf(key: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ format: 'jwk', key });
  } catch {
    // The cause may quote the key.
    throw refused('it is malformed, or no point of its curve');
  }
}

function checkStrength(key: KeyObject): void {
  const { modulusLength: bits, publicExponent = 65537n } = key.asymmetricKeyDetails ?? {};
  if (bits === undefined) return;
  if (bits < leastBits || bits > mostBits) {
    throw refused(`an RSA key has ${leastBits} to ${mostBits} bits here`);
  }
  if (publicExponent < 65537n || publicExponent % 2n === 0n) {
    throw refused('its exponent is weak; make it with the exponent 65537');
  }
}

function refused(why: string): GatehouseError {
  return new GatehouseError('bad_request', `this public key cannot be taken: ${why}`);
}
