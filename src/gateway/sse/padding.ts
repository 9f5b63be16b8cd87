/** Random bytes as a parameter. */
export type Random = (size: number) => Uint8Array;

const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
// Enough for some fifty tokens: a short answer must not pay for a long one.
const reserve = 2048;

/**
 * Padding that hides how long a token is from who watches the sizes of encrypted packets
 * (Weiss et al., "What Was Your Prompt?", 2024). Characters come from a reserve that is drawn anew
 * when it is used up; they need to be unpredictable in their compressed size only, not secret.
 */
export class Padding {
  readonly #random: Random;
  #characters = '';
  #at = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** So many characters of `[A-Za-z0-9_-]`. */
  take(count: number): string {
    if (this.#at + count > this.#characters.length) this.#refill(count);
    const from = this.#at;
    this.#at += count;
    return this.#characters.slice(from, this.#at);
  }

  #refill(count: number): void {
    const bytes = Buffer.from(this.#random(Math.max(reserve, count)));
    for (let i = 0; i < bytes.length; i++) bytes[i] = alphabet[(bytes[i] as number) & 63] as number;
    this.#characters = bytes.toString('latin1');
    this.#at = 0;
  }
}

/**
 * The bucket that a text of so many bytes is padded to: 32 for any usual token, then powers of two
 * to 256, then multiples of 256.
 */
export function bucketOf(bytes: number): number {
  if (bytes > 128) return Math.ceil(bytes / 256) * 256;
  if (bytes <= 32) return 32;
  return bytes <= 64 ? 64 : 128;
}
