import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { DataKey } from './data-key.ts';
import { hmac, hmacKey } from './hmac.ts';

/** Where a body belongs. All of it is bound into ciphertext and commitment. */
export interface Place {
  readonly blob: string;
  /** 32 lower-case hexadecimal digits. */
  readonly trace: string;
  readonly role: string;
}

const format = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + nonceBytes;

/**
 * Seals a body with AES-256-GCM (NIST SP 800-38D): a format byte, a nonce of 96 random bits, the
 * ciphertext, a tag of 128 bits. Blob, key, trace and role are associated data, so a sealed body
 * opens nowhere but in its own place.
 */
export function sealed(key: DataKey, place: Place, bytes: Uint8Array, nonce: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key.sealing, nonce);
  cipher.setAAD(associated(key, place));
  const text = cipher.update(bytes);
  cipher.final();
  const out = Buffer.allocUnsafe(headBytes + text.length + tagBytes);
  out[0] = format;
  nonce.copy(out, 1);
  text.copy(out, headBytes);
  cipher.getAuthTag().copy(out, headBytes + text.length);
  return out;
}

/** Opens what `sealed` made. Null when a bit of it, its key or its place differs. */
export function opened(key: DataKey, place: Place, box: Buffer): Buffer | null {
  if (box.length < headBytes + tagBytes || box[0] !== format) return null;
  const cipher = createDecipheriv('aes-256-gcm', key.sealing, box.subarray(1, headBytes));
  cipher.setAAD(associated(key, place)).setAuthTag(box.subarray(-tagBytes));
  const bytes = cipher.update(box.subarray(headBytes, -tagBytes));
  try {
    cipher.final();
  } catch {
    return null;
  }
  return bytes;
}

// The role comes last because it alone has no fixed length.
function associated(key: DataKey, { blob, trace, role }: Place): Buffer {
  return Buffer.from(`gatehouse/blob/v1${blob}${key.id}${trace}${role}`);
}

/**
 * The key under which one body is committed to: HMAC-SHA256 (RFC 2104) of its place under the data
 * key's committing key. Whoever is given it can check this body and learns nothing of any other.
 * Its parts but the role have a fixed length, so no two places read the same.
 */
export function openingOf(key: DataKey, { blob, trace, role }: Place): Buffer {
  return hmac(key.committing, Buffer.from(`gatehouse/commit/v1${trace}${role}${blob}`));
}

/**
 * The commitment to a body: HMAC-SHA256 under its opening, in lower-case hexadecimal. It says
 * nothing of the body to who lacks the opening, and binds who gives it (HMAC is collision
 * resistant in its message for a key of full length).
 */
export function commitmentOf(opening: Uint8Array, bytes: Uint8Array): string {
  return hmac(hmacKey(opening), bytes).toString('hex');
}
