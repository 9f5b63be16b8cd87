/** Standard base64 with padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** The bytes, or null for any text but the one that `toBase64` gives for them. */
export function fromBase64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

/** A count as the formats write it: ASCII decimal with no leading zero. Null for anything else. */
export function parseCount(text: string): number | null {
  if (text.length === 0 || text.length > 16) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= 0 && String(value) === text ? value : null;
}
