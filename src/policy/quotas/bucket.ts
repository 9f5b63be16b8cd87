import { createHash } from 'node:crypto';
import type { HolderKind, Measure, Period, Quota } from './quota.ts';

/** What a bucket is about, as its id says it. */
export interface BucketName {
  readonly quota: string;
  readonly of: HolderKind;
  readonly measure: Measure;
  readonly per: Period;
  readonly holder: string;
  readonly start: string;
}

// An index entry of PostgreSQL has at most some 2,700 bytes, and a character may take 6.
const longest = 200;

/**
 * The id of the bucket of a quota, a holder and a window: a JSON array.
 *
 * INVARIANT: no two of them share one. JSON escapes what could close a text or get lost on the way
 * to the database (lone surrogates, NUL); a long holder stands as a digest, in another shape. And a
 * quota that comes to mean something else counts anew.
 */
export function bucketId(quota: Quota, holder: string, start: string): string {
  const { id, of, measure, per = 'ever' } = quota;
  return JSON.stringify([id, of, measure, per, shortened(holder), start]);
}

/** How the ids of all buckets of a quota begin and end in one window. */
export function bucketAffixes(quota: Quota, start: string): readonly [string, string] {
  const { id, of, measure, per = 'ever' } = quota;
  const begin = JSON.stringify([id, of, measure, per]).slice(0, -1);
  return [`${begin},`, `,${JSON.stringify(start)}]`];
}

/** Reads a bucket's id; null for what is none. */
export function bucketName(id: string): BucketName | null {
  try {
    const [quota, of, measure, per, holder, start] = JSON.parse(id);
    const name = typeof holder === 'string' ? holder : String(holder.sha256);
    return { quota, of, measure, per, holder: name, start };
  } catch {
    return null;
  }
}

function shortened(holder: string): string | { readonly sha256: string } {
  if (holder.length <= longest) return holder;
  // As UTF-16, in which no two texts are alike.
  const sha256 = createHash('sha256').update(Buffer.from(holder, 'utf16le')).digest('hex');
  return { sha256 };
}
