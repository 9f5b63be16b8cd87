import { hash } from 'node:crypto';

/** Bytes of a SHA-256 hash. */
export const hashBytes = 32;

/** The root of the empty tree (RFC 6962 section 2.1): the hash of nothing. */
export const emptyRoot: Uint8Array = sha256(new Uint8Array(0));

/** The hash of an entry as a leaf: SHA-256(0x00 || data), RFC 6962 section 2.1. */
export function leafHash(data: Uint8Array): Uint8Array {
  const input = Buffer.allocUnsafe(data.length + 1);
  input[0] = 0;
  input.set(data, 1);
  return sha256(input);
}

// One call hashes at a time and nothing awaits between, so one buffer serves all.
const pair = new Uint8Array(1 + 2 * hashBytes);
pair[0] = 1;

/** The hash of an inner node: SHA-256(0x01 || left || right), RFC 6962 section 2.1. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  pair.set(left, 1);
  pair.set(right, 1 + hashBytes);
  return sha256(pair);
}

export function sha256(data: Uint8Array): Uint8Array {
  return hash('sha256', data, 'buffer');
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** The root over hashes that stand side by side: their count may be any. */
export function foldHashes(hashes: readonly Uint8Array[]): Uint8Array {
  let row = hashes;
  if (row.length === 0) return emptyRoot;
  // Pairing from the left and lifting a lone last node gives RFC 6962's tree.
  while (row.length > 1) {
    const next: Uint8Array[] = [];
    for (let i = 0; i + 1 < row.length; i += 2) {
      next.push(nodeHash(row[i] as Uint8Array, row[i + 1] as Uint8Array));
    }
    if (row.length % 2 === 1) next.push(row.at(-1) as Uint8Array);
    row = next;
  }
  return row[0] as Uint8Array;
}
