/** Where things stand in a text, as `file:line:column`, both from 1. */
export class Places {
  readonly #name: string;
  readonly #text: string;
  readonly #lines: number[] = [0];

  constructor(name: string, text: string) {
    this.#name = name;
    this.#text = text;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
      this.#lines.push(at + 1);
    }
  }

  /** The place of a code unit of the text. */
  at(index: number): string {
    let low = 0;
    let high = this.#lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lines[middle] as number) <= index) low = middle;
      else high = middle - 1;
    }
    return `${this.#name}:${low + 1}:${index - (this.#lines[low] as number) + 1}`;
  }

  /** The place of a byte of UTF-8, which is how Cedar counts, in a part that starts at `from`. */
  atByte(byte: number, from = 0, part = this.#text): string {
    return this.at(from + Buffer.from(part).subarray(0, byte).toString('utf8').length);
  }
}
