import { refused, shown } from './refusal.ts';

/** The name of a workload (SPIFFE-ID specification, section 2). `path` begins with a slash. */
export interface SpiffeId {
  readonly id: string;
  readonly trustDomain: string;
  readonly path: string;
}

const scheme = 'spiffe://';
/** In bytes, which are characters: nothing beyond ASCII is allowed. */
const longestId = 2048;
const longestDomain = 255;
const domainForm = /^[a-z0-9._-]+$/;
const segmentForm = /^[a-zA-Z0-9._-]+$/;

/** True for a trust domain's name: 1 to 255 of lower-case letters, digits, dot, hyphen, underscore. */
export function isTrustDomain(name: string): boolean {
  return name.length <= longestDomain && domainForm.test(name);
}

/**
 * Reads the SPIFFE ID of a workload. Nothing is normalised: two texts that differ are two
 * identities, so a text that needs normalising is none. An ID without a path names a trust domain,
 * not a workload, and is refused too (X509-SVID, section 5.2).
 *
 * INVARIANT: `spiffe://` + trustDomain + path is the text that was given.
 *
 * @throws GatehouseError `unauthenticated`
 */
export function parseSpiffeId(text: unknown): SpiffeId {
  if (typeof text !== 'string' || !text.startsWith(scheme)) {
    throw wrong(text, 'it must begin with `spiffe://`');
  }
  if (text.length > longestId) throw wrong(text, `it is longer than ${longestId} bytes`);
  const slash = text.indexOf('/', scheme.length);
  const trustDomain = slash < 0 ? text.slice(scheme.length) : text.slice(scheme.length, slash);
  if (!isTrustDomain(trustDomain)) {
    throw wrong(
      text,
      'its trust domain has other characters than a-z, 0-9, dot, hyphen, underscore',
    );
  }
  if (slash < 0) throw wrong(text, 'it names a trust domain and no workload');
  const path = text.slice(slash);
  for (const segment of path.slice(1).split('/')) {
    if (segment === '' || segment === '.' || segment === '..' || !segmentForm.test(segment)) {
      throw wrong(text, `its path has the segment \`${shown(segment)}\``);
    }
  }
  return { id: text, trustDomain, path };
}

/** The trust domain that a text claims to be of, well formed or not; null if it is no SPIFFE ID. */
export function claimedTrustDomain(text: unknown): string | null {
  if (typeof text !== 'string') return null;
  return /^spiffe:\/\/([^/?#]*)/i.exec(text)?.[1]?.toLowerCase() ?? null;
}

function wrong(text: unknown, why: string): Error {
  return refused(`\`${shown(text)}\` is no SPIFFE ID of a workload: ${why}`);
}
