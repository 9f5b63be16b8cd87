import { hashBytes } from '../tree/hash.ts';
import { fromBase64, parseCount, toBase64 } from './base64.ts';
import type { Signer, Verifier } from './key.ts';
import { isSignedBy, parseNote, signNote } from './note.ts';

/** The head of a log: how many entries it holds, and the root of the tree over them. */
export interface Head {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** The head as a signed note (C2SP tlog-checkpoint). */
export function signCheckpoint(head: Head, signer: Signer): string {
  return signNote(`${head.origin}\n${head.size}\n${toBase64(head.root)}\n`, signer);
}

/** The head in a checkpoint, signed or not; null if the text is none. Extension lines are ignored. */
export function parseCheckpoint(text: string): Head | null {
  const note = parseNote(text);
  if (note === null) return null;
  const [origin, count, encoded, ...extensions] = note.text.slice(0, -1).split('\n');
  if (!origin || count === undefined || encoded === undefined) return null;
  if (extensions.includes('')) return null;
  const size = parseCount(count);
  const root = fromBase64(encoded);
  if (size === null || root?.length !== hashBytes) return null;
  return { origin, size, root };
}

/** The head in a checkpoint if the key signed it; null if it did not, or the text is none. */
export function openCheckpoint(text: string, key: Verifier): Head | null {
  const note = parseNote(text);
  return note !== null && isSignedBy(note, key) ? parseCheckpoint(text) : null;
}
