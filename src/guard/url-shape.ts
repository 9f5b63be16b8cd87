import type { Shape } from './token-shape.ts';

const longestName = 128;
const longestPassword = 256;
const placeholders = new Set(['password', 'pass', 'passwd', 'pwd', 'secret', 'token', 'xxx']);

/** The password of `scheme://name:password@host` (RFC 3986, section 3.2.1). */
export function urlShape(text: string, from: number, final: boolean): Shape {
  const colon = upTo(text, from, from + longestName);
  if (colon === text.length) return final ? null : 'open';
  if (text.charCodeAt(colon) !== 0x3a) return null;
  const start = colon + 1;
  let end = upTo(text, start, start + longestPassword);
  // A password may hold further colons.
  while (text.charCodeAt(end) === 0x3a && end < start + longestPassword) {
    end = upTo(text, end + 1, start + longestPassword);
  }
  if (end === text.length) return final ? null : 'open';
  if (text.charCodeAt(end) !== 0x40 || end === start) return null;
  const password = text.slice(start, end);
  return isPlaceholder(password) ? null : { start, end };
}

// Template marks end a name, so `${USER}:${PASS}@` is never a password.
const stops = new Set(' \t\r\n:/@?#"\'`<>{}[]()|\\^$*'.split('').map((one) => one.charCodeAt(0)));

function upTo(text: string, from: number, limit: number): number {
  const last = Math.min(text.length, limit);
  let i = from;
  while (i < last && !stops.has(text.charCodeAt(i)) && text.charCodeAt(i) > 31) i++;
  return i;
}

function isPlaceholder(password: string): boolean {
  const folded = password.toLowerCase();
  return placeholders.has(folded) || /^(?:x+|\.+|-+|_+|%s|example|changeme)$/.test(folded);
}
