import { type Certificate, keyUsageBit, readCertificate } from './certificate.ts';
import { pathToRoot } from './certificate-chain.ts';
import { refused } from './refusal.ts';
import { claimedTrustDomain, parseSpiffeId, type SpiffeId } from './spiffe-id.ts';
import type { TrustBundle } from './trust-bundle.ts';
import type { BundleSource } from './trust-domains.ts';

/** An X509-SVID that counts. `expires` is Unix time in milliseconds, of the first that ends. */
export interface X509Svid {
  readonly spiffeId: SpiffeId;
  /** SHA-256 of the leaf, lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly expires: number;
}

interface X509SvidRules {
  readonly domains: ReadonlyMap<string, BundleSource>;
  /** Unix time in milliseconds. */
  readonly now: number;
}

const longestChain = 8;

/**
 * Verifies the certificates of a connection as an X509-SVID (SPIFFE X509-SVID, sections 4 and 5).
 * That the other side holds the leaf's key is what the TLS handshake has shown.
 *
 * INVARIANT: only roots from the bundle of the trust domain that the leaf names can verify it.
 *
 * @param chain DER, the leaf first, each followed by its issuer.
 * @throws GatehouseError `unauthenticated`
 */
export async function verifyX509Svid(
  chain: readonly Uint8Array[],
  { domains, now }: X509SvidRules,
): Promise<X509Svid> {
  if (chain.length > longestChain) throw refused(`it has more than ${longestChain} certificates`);
  const certificates = chain.map(readCertificate);
  const [leaf] = certificates;
  if (leaf === undefined) throw refused('the connection shows no certificate');
  const spiffeId = spiffeIdOf(leaf);
  const { trustDomain } = spiffeId;
  const source = domains.get(trustDomain);
  if (source === undefined) throw refused(`trust domain \`${trustDomain}\` is not trusted here`);
  const path = await pathIn(source, (bundle) => {
    const found = pathToRoot(certificates, bundle.roots, now);
    checkAuthorities(found.slice(1), trustDomain);
    return found;
  });
  const expires = Math.min(...path.map(({ notAfter }) => notAfter));
  const fingerprint = leaf.x509.fingerprint256.replaceAll(':', '').toLowerCase();
  return { spiffeId, fingerprint, expires };
}

// A new root may stand in a newer bundle.
async function pathIn(
  source: BundleSource,
  find: (bundle: TrustBundle) => readonly Certificate[],
): Promise<readonly Certificate[]> {
  const bundle = await source.current();
  try {
    return find(bundle);
  } catch (error) {
    const newer = await source.renewed();
    if (newer === bundle) throw error;
    return find(newer);
  }
}

// X509-SVID, sections 4.1, 4.3 and 5.2.
function spiffeIdOf({ ca, keyUsage, uris }: Certificate): SpiffeId {
  if (ca) throw refused('its certificate is that of a CA, not of a workload');
  if (keyUsage?.has(keyUsageBit.digitalSignature) !== true) {
    throw refused('its certificate has no key usage with digitalSignature');
  }
  if (keyUsage.has(keyUsageBit.keyCertSign) || keyUsage.has(keyUsageBit.cRLSign)) {
    throw refused('its certificate may sign others, so it is none of a workload');
  }
  const [uri, ...more] = uris;
  if (uri === undefined) throw refused('its certificate names no SPIFFE ID');
  if (more.length > 0) throw refused('its certificate has more than one URI name');
  return parseSpiffeId(uri);
}

// X509-SVID, section 3.2: a CA that names a trust domain issues for that one only.
function checkAuthorities(authorities: readonly Certificate[], trustDomain: string): void {
  for (const { uris } of authorities) {
    const others = uris.map(claimedTrustDomain).filter((name) => name !== null);
    if (others.some((name) => name !== trustDomain)) {
      throw refused(`a CA of another trust domain than \`${trustDomain}\` issued it`);
    }
  }
}
