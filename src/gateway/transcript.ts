import { GatehouseError, Gathered } from '../kernel/index.ts';

/** What went one way on a stream, up to a bound, for the record. */
export class Transcript {
  count = 0;
  readonly #gathered = new Gathered();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#gathered.size;
  }

  /** @throws GatehouseError `upstream_failed` past the bound: what cannot be recorded cannot pass. */
  add(chunk: Uint8Array | string): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk);
    this.count += 1;
    if (this.size + bytes.length > this.#limit) {
      const message = `the answer is over ${this.#limit} bytes; ask for less, or raise \`answerBytes\``;
      throw new GatehouseError('upstream_failed', message);
    }
    this.#gathered.add(bytes);
  }

  bytes(): Buffer {
    return this.#gathered.whole();
  }
}
