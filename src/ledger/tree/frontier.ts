import { emptyRoot, hashBytes, nodeHash } from './hash.ts';

/** Told of every complete subtree: its height (0 is a leaf) and hash, in the order of completion. */
export type OnNode = (height: number, hash: Uint8Array) => void;

/**
 * The right edge of an RFC 6962 tree: the roots of its complete subtrees from the largest to the
 * smallest, one for each binary digit 1 of the size. All that appending and the root need.
 */
export class Frontier {
  #size: number;
  readonly #hashes: Uint8Array[];

  private constructor(size: number, hashes: Uint8Array[]) {
    this.#size = size;
    this.#hashes = hashes;
  }

  static empty(): Frontier {
    return new Frontier(0, []);
  }

  /**
   * The frontier of `size` leaves from its hashes in one piece.
   *
   * @throws TypeError when there are more or fewer hashes than the size has digits 1.
   */
  static from(size: number, bytes: Uint8Array): Frontier {
    if (!Number.isSafeInteger(size) || size < 0) throw new TypeError('a tree has no such size');
    if (bytes.length !== digits(size) * hashBytes) {
      throw new TypeError('the frontier does not fit the size of the tree');
    }
    const hashes: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += hashBytes) {
      hashes.push(Uint8Array.from(bytes.subarray(at, at + hashBytes)));
    }
    return new Frontier(size, hashes);
  }

  get size(): number {
    return this.#size;
  }

  append(leaf: Uint8Array, onNode?: OnNode): void {
    let hash = leaf;
    let height = 0;
    onNode?.(height, hash);
    for (let size = this.#size; size % 2 === 1; size = (size - 1) / 2) {
      hash = nodeHash(this.#hashes.pop() as Uint8Array, hash);
      height++;
      onNode?.(height, hash);
    }
    this.#hashes.push(hash);
    this.#size++;
  }

  root(): Uint8Array {
    const last = this.#hashes.at(-1);
    if (last === undefined) return emptyRoot;
    let root = last;
    for (let i = this.#hashes.length - 2; i >= 0; i--) {
      root = nodeHash(this.#hashes[i] as Uint8Array, root);
    }
    return root;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#hashes);
  }

  copy(): Frontier {
    return new Frontier(this.#size, [...this.#hashes]);
  }
}

function digits(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
