import { GatehouseError } from '../kernel/index.ts';

/** What went one way on a stream, up to a bound, for the record. */
export class Transcript {
  count = 0;
  size = 0;
  readonly #chunks: Buffer[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws GatehouseError `upstream_failed` past the bound: what cannot be recorded cannot pass. */
  add(chunk: Uint8Array | string): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk);
    this.count += 1;
    this.size += bytes.length;
    if (this.size > this.#limit) {
      const message = `the answer is over ${this.#limit} bytes; ask for less, or raise \`answerBytes\``;
      throw new GatehouseError('upstream_failed', message);
    }
    this.#chunks.push(bytes);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
