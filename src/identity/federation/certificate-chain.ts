import { type Certificate, keyUsageBit } from './certificate.ts';
import { refused } from './refusal.ts';

/** Signatures over certificates that nobody can forge today, as OpenSSL names them. */
const sound = new Set([
  ...['sha256', 'sha384', 'sha512'].map((hash) => `${hash}WithRSAEncryption`),
  ...['SHA256', 'SHA384', 'SHA512'].map((hash) => `ecdsa-with-${hash}`),
  ...['ED25519', 'ED448', 'ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'],
]);

const clientAuth = '1.3.6.1.5.5.7.3.2';
const anyPurpose = '2.5.29.37.0';

/**
 * The path from a leaf to one of the roots, the leaf first (RFC 5280, section 6.1): every
 * certificate is valid now and issued by the next, which is a CA that may have as many below it.
 * Names and purposes of the leaf are not looked at.
 *
 * @param chain as TLS shows it: the leaf, then each the issuer of the one before.
 * @throws GatehouseError `unauthenticated`
 */
export function pathToRoot(
  chain: readonly Certificate[],
  roots: readonly Certificate[],
  now: number,
): readonly Certificate[] {
  const path: Certificate[] = [];
  for (const [depth, certificate] of chain.entries()) {
    const below = path.at(-1);
    if (below !== undefined && !issued(certificate, below)) {
      throw refused(
        'its certificates are no chain; send the leaf first, each followed by its issuer',
      );
    }
    checkPlace(certificate, depth, now);
    path.push(certificate);
    const root = roots.find((one) => issued(one, certificate));
    if (root !== undefined) {
      checkPlace(root, depth + 1, now);
      return [...path, root];
    }
  }
  throw refused('its certificates do not lead to a root of its trust domain; check the bundle');
}

/** True if the one signed the other: names, key identifiers and the signature itself. */
function issued(by: Certificate, certificate: Certificate): boolean {
  const { x509 } = certificate;
  if (!sound.has(x509.signatureAlgorithm ?? '')) return false;
  try {
    const key = by.x509.publicKey;
    const { modulusLength = 2048 } = key.asymmetricKeyDetails ?? {};
    return modulusLength >= 2048 && x509.checkIssued(by.x509) && x509.verify(key);
  } catch {
    // A key that OpenSSL does not know verifies nothing.
    return false;
  }
}

// `depth` is 0 for the leaf; between a CA and the leaf stand `depth - 1` others.
function checkPlace(certificate: Certificate, depth: number, now: number): void {
  const { notBefore, notAfter, strange, ca, keyUsage, pathLength } = certificate;
  if (now < notBefore) throw refused('a certificate of its chain is not valid yet');
  // RFC 5280, section 4.1.2.5: the second of notAfter is the last that counts.
  if (now >= notAfter + 1000) throw refused('a certificate of its chain has expired');
  if (strange.length > 0) {
    throw refused(`a certificate demands an extension that is not known here: \`${strange[0]}\``);
  }
  if (!serves(certificate)) throw refused('a certificate of its chain is not for clients');
  if (depth === 0) return;
  if (!ca || keyUsage?.has(keyUsageBit.keyCertSign) !== true) {
    throw refused('a certificate of its chain is none of a CA and signs another');
  }
  if (pathLength !== null && depth - 1 > pathLength) {
    throw refused('its chain is longer than one of its CAs allows');
  }
}

function serves({ x509 }: Certificate): boolean {
  // Node's `keyUsage` is the extended one.
  const purposes: readonly string[] | undefined = x509.keyUsage;
  if (purposes === undefined) return true;
  return purposes.includes(clientAuth) || purposes.includes(anyPurpose);
}
