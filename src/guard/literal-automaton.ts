/**
 * An Aho-Corasick automaton (Aho, Corasick 1975) over ASCII literals, without regard to case, as one
 * dense table: one look-up a character, whatever the number of literals. Anything beyond ASCII leads
 * back to the start.
 */
export class LiteralAutomaton {
  /** Next state by `state + column`; a state is the offset of its row. */
  readonly #next: Int32Array;
  readonly #columns = new Uint8Array(128);
  readonly #fail: number[] = [0];
  readonly #depth: number[] = [0];
  /** Literals that end in a state, the longest first. */
  readonly #ends: (readonly number[])[] = [[]];
  /** 1 where a literal ends: the one thing that the inner loop asks. */
  readonly #telling: Uint8Array;
  readonly #width: number;

  /** @throws RangeError for an empty literal or one with characters beyond ASCII. */
  constructor(literals: readonly string[]) {
    const folded = literals.map((one) => one.toLowerCase());
    this.#width = this.#assignColumns(folded);
    const { children, own } = this.#grow(folded);
    this.#next = new Int32Array(children.length * this.#width);
    this.#link(children, own);
    this.#telling = Uint8Array.from(this.#ends, (ends) => (ends.length > 0 ? 1 : 0));
  }

  /**
   * Calls `found(literal, end)` for each literal that ends in the text, by its index, and returns
   * the last state. Literals that end at one place come the longest first.
   */
  run(text: string, found: (literal: number, end: number) => void): number {
    const next = this.#next;
    const columns = this.#columns;
    const telling = this.#telling;
    const width = this.#width;
    let state = 0;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      const column = unit < 128 ? (columns[unit] as number) : 0;
      if (column === 0) {
        state = 0;
        continue;
      }
      state = next[state * width + column] as number;
      if (telling[state] === 1) {
        for (const literal of this.#ends[state] as readonly number[]) found(literal, i + 1);
      }
    }
    return state;
  }

  /** The lengths of the proper beginnings of literals that a text ends with, the longest first. */
  begun(state: number): readonly number[] {
    const lengths: number[] = [];
    for (let at = state; at !== 0; at = this.#fail[at] as number) {
      lengths.push(this.#depth[at] as number);
    }
    return lengths;
  }

  #assignColumns(literals: readonly string[]): number {
    let width = 1;
    for (const literal of literals) {
      if (literal === '') throw new RangeError('a literal is not empty');
      for (let i = 0; i < literal.length; i++) {
        const unit = literal.charCodeAt(i);
        if (unit > 127) throw new RangeError('a literal is ASCII');
        if (this.#columns[unit] === 0) this.#columns[unit] = width++;
      }
    }
    for (let unit = 65; unit <= 90; unit++) {
      this.#columns[unit] = this.#columns[unit + 32] as number;
    }
    return width;
  }

  #grow(literals: readonly string[]): { children: Map<number, number>[]; own: number[][] } {
    const children = [new Map<number, number>()];
    const own: number[][] = [[]];
    for (const [index, literal] of literals.entries()) {
      let state = 0;
      for (let i = 0; i < literal.length; i++) {
        const column = this.#columns[literal.charCodeAt(i)] as number;
        let to = children[state]?.get(column);
        if (to === undefined) {
          to = children.length;
          children[state]?.set(column, to);
          children.push(new Map());
          own.push([]);
          this.#depth.push(i + 1);
        }
        state = to;
      }
      own[state]?.push(index);
    }
    return { children, own };
  }

  // Breadth first, so that the shorter state that a state falls back to is complete before it.
  #link(children: readonly Map<number, number>[], own: readonly number[][]): void {
    const queue = [0];
    for (let head = 0; head < queue.length; head++) {
      const state = queue[head] as number;
      const fail = this.#fail[state] as number;
      this.#ends[state] = [...(own[state] ?? []), ...(state === 0 ? [] : (this.#ends[fail] ?? []))];
      const row = state * this.#width;
      for (let column = 0; column < this.#width; column++) {
        const inherited = state === 0 ? 0 : (this.#next[fail * this.#width + column] as number);
        const child = children[state]?.get(column);
        this.#next[row + column] = child ?? inherited;
        if (child === undefined) continue;
        this.#fail[child] = inherited;
        queue.push(child);
      }
    }
  }
}
