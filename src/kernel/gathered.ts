// Where pieces are smaller than this on average, each costs more than it holds.
const pieces = 256;
const smallTogether = pieces * 1024;

/**
 * Bytes that came in pieces, of whatever size a peer chose. Many small pieces are joined as they
 * come, so that a body sent byte by byte takes little more memory than one sent at once.
 */
export class Gathered {
  size = 0;
  #chunks: Buffer[] = [];
  #from = 0;
  #tail = 0;

  /** Keeps the piece itself, not a copy of it. */
  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.size += chunk.length;
    this.#tail += chunk.length;
    if (this.#chunks.length - this.#from < pieces) return;
    if (this.#tail < smallTogether) {
      this.#chunks.push(Buffer.concat(this.#chunks.splice(this.#from), this.#tail));
    }
    this.#from = this.#chunks.length;
    this.#tail = 0;
  }

  /** How many buffers are kept. */
  get kept(): number {
    return this.#chunks.length;
  }

  whole(): Buffer {
    const [only] = this.#chunks;
    return this.#chunks.length === 1 ? (only as Buffer) : Buffer.concat(this.#chunks, this.size);
  }
}
