import { alnum, base64url, classOf, digit, type Runs, runEnd } from './char-class.ts';
import { entraChars } from './secret-rules.ts';

/** A span of text, half open. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * What follows a literal: a secret's span, `open` where the text ended before that could be told,
 * or null where it is none. Given the whole text (`final`), never `open`.
 *
 * INVARIANT: a span or null would be the same whatever text followed.
 */
export type Shape = Span | 'open' | null;

const longestRun = 512;
const longestJwtPart = 8192;
// Fewer different characters than this are a placeholder (`ghp_xxxx…`).
const fewestDistinct = 6;

/** From `min` characters of a class on; with `max`, and no more. */
export function runShape(
  text: string,
  runs: Runs,
  start: number,
  from: number,
  { chars, min, max }: { readonly chars: number; readonly min: number; readonly max?: number },
  final: boolean,
): Shape {
  // One more than allowed is looked at, to tell an exact length from a longer run.
  const limit = from + (max === undefined ? longestRun : max + 1);
  const end = runs.end(from, chars, limit);
  if (end === text.length && end < limit && !final) return 'open';
  const length = end - from;
  if (length < min || (max !== undefined && length > max)) return null;
  // An exact length must end where the word ends.
  if (max !== undefined && end < text.length && isWord(text, end)) return null;
  return distinct(text, from, Math.min(end, from + 64)) < fewestDistinct ? null : { start, end };
}

/** A compact JWS (RFC 7515): three parts of base64url; the second begins like a JSON object. */
export function jwtShape(text: string, start: number, from: number, final: boolean): Shape {
  const before = classOf(text.charCodeAt(start - 1));
  if (start > 0 && (before & base64url) !== 0 && !escaped(text, start)) return null;
  let at = from;
  for (let part = 0; part < 3; part++) {
    const end = runEnd(text, at, base64url, at + longestJwtPart);
    if (end === text.length && !final) return 'open';
    if (end - at < (part === 2 ? 10 : 8)) return null;
    if (part === 2) return { start, end };
    if (text.charCodeAt(end) !== 0x2e) return null;
    at = end + 1;
  }
  return null;
}

/** A bot token of Telegram: eight to ten digits, then `:AA` and 33 more. The digits stay. */
export function telegramShape(
  text: string,
  runs: Runs,
  start: number,
  from: number,
  final: boolean,
): Shape {
  for (let i = 1; i <= 8; i++) {
    if ((classOf(text.charCodeAt(start - i)) & digit) === 0) return null;
  }
  return runShape(text, runs, start, from, { chars: base64url, min: 32, max: 33 }, final);
}

/** A client secret of Microsoft Entra ID: `abc8Q~` and 31 to 34 more. What stands before stays. */
export function entraShape(
  text: string,
  runs: Runs,
  start: number,
  from: number,
  final: boolean,
): Shape {
  if ((classOf(text.charCodeAt(start - 1)) & digit) === 0) return null;
  for (let i = 2; i <= 4; i++) {
    if ((classOf(text.charCodeAt(start - i)) & entraChars) === 0) return null;
  }
  return runShape(text, runs, start, from, { chars: entraChars, min: 31, max: 34 }, final);
}

/** True if the character before is an escape (`\n`, `\t`, `\r`) in text that quotes JSON or code. */
export function escaped(text: string, at: number): boolean {
  if (text.charCodeAt(at - 2) !== 0x5c) return false;
  const unit = text.charCodeAt(at - 1);
  return unit === 0x6e || unit === 0x72 || unit === 0x74;
}

function isWord(text: string, at: number): boolean {
  return (classOf(text.charCodeAt(at)) & alnum) !== 0;
}

// Stops counting once there are enough.
function distinct(text: string, start: number, end: number): number {
  let low = 0;
  let high = 0;
  let count = 0;
  for (let i = start; i < end && count < fewestDistinct; i++) {
    const unit = text.charCodeAt(i);
    const bit = 1 << (unit & 31);
    const seen = unit < 64 ? low : high;
    if ((seen & bit) !== 0) continue;
    count += 1;
    if (unit < 64) low |= bit;
    else high |= bit;
  }
  return count;
}
