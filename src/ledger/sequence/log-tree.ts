import { tileHeight, tileWidth } from '../tiles/tile.ts';
import { Frontier } from '../tree/frontier.ts';

/** A tile that is full and so will never change. `root` is the hash of the subtree it spans. */
export interface FullTile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
  readonly root: Uint8Array;
}

/** The growing end of the log's tree: its frontier, and the hashes of its partial tiles by level. */
export class LogTree {
  readonly frontier: Frontier;
  readonly #edges: Uint8Array[][];

  constructor(frontier: Frontier, edges: Uint8Array[][]) {
    this.frontier = frontier;
    this.#edges = edges;
  }

  static empty(): LogTree {
    return new LogTree(Frontier.empty(), []);
  }

  get size(): number {
    return this.frontier.size;
  }

  /** The hashes of the partial tile of a level, in one piece; empty if there is none. */
  edge(level: number): Uint8Array {
    return Buffer.concat(this.#edges[level] ?? []);
  }

  /** Appends leaves to a copy and answers with it and the tiles that became full. */
  extended(leaves: readonly Uint8Array[]): { tree: LogTree; tiles: readonly FullTile[] } {
    const edges = this.#edges.map((edge) => [...edge]);
    const tree = new LogTree(this.frontier.copy(), edges);
    const tiles: FullTile[] = [];
    const onNode = (height: number, hash: Uint8Array) => {
      if (height % tileHeight !== 0) return;
      const level = height / tileHeight;
      if (level > 0) tiles.push(tree.#closed(level - 1, hash));
      edges[level] ??= [];
      edges[level].push(hash);
    };
    for (const leaf of leaves) tree.frontier.append(leaf, onNode);
    return { tree, tiles };
  }

  // Called while the leaf that fills the tile is being appended, before the size counts it.
  #closed(level: number, root: Uint8Array): FullTile {
    const index = (this.frontier.size + 1) / tileWidth ** (level + 1) - 1;
    const hashes = Buffer.concat(this.#edges[level] ?? []);
    this.#edges[level] = [];
    return { level, index, hashes, root };
  }
}
