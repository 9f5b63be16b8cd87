import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What every static key begins with, so that people and secret scanners know it. */
export const keyPrefix = 'gh_';

const randomLength = 43;
const checkLength = 6;
const keyLength = keyPrefix.length + randomLength + checkLength;

/**
 * A new static key: `gh_`, 32 random bytes in base64url, and the CRC-32 of that text in base64url.
 * The checksum tells a mistyped key from an unknown one without asking the database; it adds no
 * secrecy.
 *
 * @throws RangeError unless exactly 32 bytes are given.
 */
export function staticKey(random: Uint8Array): string {
  if (random.length !== 32) throw new RangeError('a static key has 32 random bytes');
  const body = Buffer.from(random).toString('base64url');
  return keyPrefix + body + checksum(body);
}

/** True if the text has the form of a static key and its checksum fits. */
export function isStaticKey(text: string): boolean {
  if (text.length !== keyLength || !text.startsWith(keyPrefix)) return false;
  const body = text.slice(keyPrefix.length, keyPrefix.length + randomLength);
  return text.slice(-checkLength) === checksum(body);
}

/**
 * SHA-256 of a credential, lower-case hexadecimal: how it is stored and cached. A fast hash is
 * enough for 256 random bits, and looking it up by index leaks no time that helps to guess one.
 */
export function fingerprint(credential: string): string {
  return hash('sha256', credential, 'hex');
}

function checksum(body: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64url');
}
