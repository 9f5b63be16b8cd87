import type { JWK } from 'jose';
import { type Certificate, readCertificate } from './certificate.ts';
import { type KeySet, keysOfDocument, openKeySet } from './key-set.ts';

/**
 * What a trust domain's SVIDs are verified with (SPIFFE Trust Domain and Bundle, section 4).
 * `sequence` is null, `refreshMs` five minutes, where the document does not say.
 */
export interface TrustBundle {
  readonly sequence: number | null;
  readonly refreshMs: number;
  readonly roots: readonly Certificate[];
  readonly keys: KeySet;
}

const defaultRefreshMs = 300_000;
const shortestRefreshMs = 30_000;
const longestRefreshMs = 86_400_000;

/**
 * Reads a bundle. Entries of an unknown type or use are passed over, as the specification demands.
 *
 * @param document the JSON, parsed.
 * @throws Error with the reason for a document that is no bundle.
 */
export function readTrustBundle(document: unknown): TrustBundle {
  const keys = keysOfDocument(document);
  const { spiffe_sequence: sequence, spiffe_refresh_hint: hint } = document as {
    readonly spiffe_sequence?: unknown;
    readonly spiffe_refresh_hint?: unknown;
  };
  const forTokens = keys.filter(({ use, kid }) => use === 'jwt-svid' && typeof kid === 'string');
  return {
    sequence: countOf('spiffe_sequence', sequence),
    refreshMs: refreshOf(countOf('spiffe_refresh_hint', hint)),
    roots: keys.filter(({ use }) => use === 'x509-svid').flatMap(rootOf),
    keys: openKeySet(forTokens),
  };
}

// X509-SVID, section 6.2: without `x5c` the entry is ignored, and so is all but its first value.
function rootOf({ x5c }: JWK): Certificate[] {
  const first: unknown = Array.isArray(x5c) ? x5c[0] : undefined;
  if (typeof first !== 'string') return [];
  return [readCertificate(Buffer.from(first, 'base64'))];
}

function countOf(name: string, value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`its \`${name}\` is no whole number`);
}

function refreshOf(seconds: number | null): number {
  if (seconds === null) return defaultRefreshMs;
  return Math.min(Math.max(seconds * 1000, shortestRefreshMs), longestRefreshMs);
}
