import { emptyRoot, nodeHash } from './hash.ts';
import type { Proof } from './proof.ts';

/** The hash of a complete subtree: `height` levels above the leaves, the `index`-th of its row. */
export type ReadNode = (height: number, index: number) => Promise<Uint8Array>;

/**
 * The inclusion proof of the entry at `index` in the tree of the first `size` entries
 * (RFC 6962 section 2.1.1).
 *
 * @throws RangeError when there is no such entry.
 */
export async function proveInclusion(index: number, size: number, read: ReadNode): Promise<Proof> {
  if (index < 0 || index >= size) throw new RangeError('no such entry in this tree');
  const proof: Uint8Array[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + half(to - from);
    if (index < middle) {
      proof.push(await rangeHash(middle, to, read));
      to = middle;
    } else {
      proof.push(await rangeHash(from, middle, read));
      from = middle;
    }
  }
  return proof.reverse();
}

/**
 * The proof that the tree of the first `size` entries begins with that of the first `oldSize`
 * (RFC 6962 section 2.1.2). Empty when there is nothing to prove.
 *
 * @throws RangeError when the old tree is the larger.
 */
export async function proveConsistency(
  oldSize: number,
  size: number,
  read: ReadNode,
): Promise<Proof> {
  if (oldSize < 0 || oldSize > size) throw new RangeError('the old tree is larger than the new');
  if (oldSize === 0 || oldSize === size) return [];
  const proof: Uint8Array[] = [];
  let from = 0;
  let to = size;
  while (to !== oldSize) {
    const middle = from + half(to - from);
    if (oldSize <= middle) {
      proof.push(await rangeHash(middle, to, read));
      to = middle;
    } else {
      proof.push(await rangeHash(from, middle, read));
      from = middle;
    }
  }
  if (from !== 0) proof.push(await rangeHash(from, to, read));
  return proof.reverse();
}

/** The root of the tree of the first `size` entries. */
export async function rootOf(size: number, read: ReadNode): Promise<Uint8Array> {
  return size === 0 ? emptyRoot : rangeHash(0, size, read);
}

// `from` is a multiple of the largest power of two below `to - from`, as RFC 6962 splits.
async function rangeHash(from: number, to: number, read: ReadNode): Promise<Uint8Array> {
  const whole = power(to - from);
  const first = await read(Math.log2(whole), from / whole);
  const middle = from + whole;
  return middle === to ? first : nodeHash(first, await rangeHash(middle, to, read));
}

// The largest power of two that is smaller than the count.
function half(count: number): number {
  const whole = power(count);
  return whole === count ? whole / 2 : whole;
}

// The largest power of two that is not larger than the count.
function power(count: number): number {
  let result = 1;
  while (result * 2 <= count) result *= 2;
  return result;
}
