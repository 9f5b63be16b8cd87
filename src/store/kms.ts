/** A source of random bytes. */
export type Random = (size: number) => Buffer;

/**
 * Wraps data keys under a key that never leaves it. `id` names that key and stands beside each key
 * it wrapped, so that several can be in use while one replaces another.
 *
 * `unwrap` rejects what it did not wrap itself, or what was changed since.
 */
export interface Kms {
  readonly id: string;
  wrap(key: Buffer): Promise<Buffer>;
  unwrap(wrapped: Buffer): Promise<Buffer>;
}
