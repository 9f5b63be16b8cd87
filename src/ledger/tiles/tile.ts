import { foldHashes, hashBytes } from '../tree/hash.ts';
import type { ReadNode } from '../tree/prover.ts';

/** Hashes in a full tile, and entries in a full bundle (C2SP tlog-tiles). */
export const tileWidth = 256;
/** Levels of the tree that one tile spans. */
export const tileHeight = 8;
// More levels than a tree of 2^53 entries has.
export const mostLevels = 7;

/** Reads `width` hashes of a tile in one piece. A reader may throw; it never answers with less. */
export type ReadTile = (level: number, index: number, width: number) => Promise<Uint8Array>;

/** How many hashes level `level` holds in a tree of `size` entries: one for each full tile below. */
export function hashesAt(level: number, size: number): number {
  return Math.floor(size / tileWidth ** level);
}

/** The width that a tile has in a tree of `size` entries; 0 if the tree has no such tile. */
export function widthIn(size: number, level: number, index: number): number {
  const left = hashesAt(level, size) - index * tileWidth;
  return Math.max(0, Math.min(tileWidth, left));
}

/** The hashes of a tile, one by one. */
export function hashesOf(tile: Uint8Array): Uint8Array[] {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < tile.length; at += hashBytes)
    hashes.push(tile.subarray(at, at + hashBytes));
  return hashes;
}

/** Every tile of a tree of `size` entries, the lowest level first. */
export function* tilesOf(size: number): Generator<{ level: number; index: number; width: number }> {
  for (let level = 0; hashesAt(level, size) > 0; level++) {
    const tiles = Math.ceil(hashesAt(level, size) / tileWidth);
    for (let index = 0; index < tiles; index++) {
      yield { level, index, width: widthIn(size, level, index) };
    }
  }
}

/**
 * Reads the nodes of the tree of `size` entries out of its tiles. Keeps what it read, so that the
 * proofs of one tree ask for a tile once.
 */
export function nodesFromTiles(size: number, read: ReadTile): ReadNode {
  const kept = new Map<string, Promise<Uint8Array>>();
  const tile = (level: number, index: number): Promise<Uint8Array> => {
    const name = `${level}/${index}`;
    const known = kept.get(name);
    if (known !== undefined) return known;
    const asked = read(level, index, widthIn(size, level, index));
    kept.set(name, asked);
    return asked;
  };
  return async (height, index) => {
    const level = Math.floor(height / tileHeight);
    const span = 2 ** (height % tileHeight);
    const first = index * span;
    const from = (first % tileWidth) * hashBytes;
    const hashes = await tile(level, Math.floor(first / tileWidth));
    return foldHashes(hashesOf(hashes.subarray(from, from + span * hashBytes)));
  };
}
