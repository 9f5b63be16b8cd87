import { createHmac, hash } from 'node:crypto';

const block = 64;
// Beyond this, copying the message costs more than what is saved.
const mostCopied = 16_384;

/** A key for many HMACs: the two blocks that it begins with. */
export interface HmacKey {
  readonly inner: Buffer;
  readonly outer: Buffer;
}

/** @throws RangeError for a secret that is not 32 bytes long. */
export function hmacKey(secret: Uint8Array): HmacKey {
  if (secret.length !== 32) throw new RangeError('an HMAC key here has 32 bytes');
  const inner = Buffer.alloc(block, 0x36);
  const outer = Buffer.alloc(block, 0x5c);
  for (let i = 0; i < secret.length; i++) {
    inner[i] = (secret[i] as number) ^ 0x36;
    outer[i] = (secret[i] as number) ^ 0x5c;
  }
  return { inner, outer };
}

/**
 * HMAC-SHA256 (RFC 2104) out of two hashes in one go each: for short messages the object that
 * `createHmac` makes costs more than the hashing.
 */
export function hmac(key: HmacKey, message: Uint8Array): Buffer {
  if (message.length > mostCopied) {
    const secret = key.inner.subarray(0, 32).map((byte) => byte ^ 0x36);
    return createHmac('sha256', secret).update(message).digest();
  }
  const first = Buffer.allocUnsafe(block + message.length);
  key.inner.copy(first);
  first.set(message, block);
  const second = Buffer.allocUnsafe(block + 32);
  key.outer.copy(second);
  hash('sha256', first, 'buffer').copy(second, block);
  return hash('sha256', second, 'buffer');
}
