import { alnum, base64, classOf, digit, hyphen, runEnd, space, upper } from './char-class.ts';
import type { Span } from './token-shape.ts';

/** Longer blocks are not waited for: they are refused. */
const longestBlock = 32_768;
const longestLabel = 64;
const endLine = '-----END ';
/** A run of base64 that no ordinary word is as long as. */
const longRun = 40;

/**
 * A private key in PEM (RFC 7468), from `-----BEGIN` to the end of its `-----END` line, also with
 * its line ends written as `\n`. A block that is cut off counts as far as it goes, if there is key
 * material in it. `unterminated`: it runs past 32 KiB without an end.
 */
export function pemShape(
  text: string,
  start: number,
  from: number,
  final: boolean,
): Span | 'open' | 'unterminated' | null {
  const labelEnd = runEnd(text, from, upper | space | digit, from + longestLabel);
  if (labelEnd === text.length) return final ? null : 'open';
  const label = text.slice(from, labelEnd);
  if (!label.includes('PRIVATE KEY')) return null;
  let at = runEnd(text, labelEnd, hyphen, labelEnd + 5);
  if (at === text.length && !final) return 'open';
  if (at < labelEnd + 5) return null;
  let run = 0;
  let longest = 0;
  const limit = start + longestBlock;
  while (at < text.length && at < limit) {
    const unit = text.charCodeAt(at);
    if (unit === 0x2d && text.startsWith('-----', at))
      return ended(text, start, at, longest, final);
    if (!isBody(unit)) return longest >= longRun ? { start, end: at } : null;
    run = (classOf(unit) & base64) === 0 ? 0 : run + 1;
    if (run > longest) longest = run;
    at += 1;
  }
  if (at < limit) return final ? (longest >= longRun ? { start, end: at } : null) : 'open';
  return longest >= longRun ? 'unterminated' : null;
}

/** At five hyphens after the body: the end line, the beginning of another block, or neither. */
function ended(
  text: string,
  start: number,
  at: number,
  longest: number,
  final: boolean,
): Span | 'open' | null {
  const line = text.slice(at, at + endLine.length);
  const isEnd = line === endLine;
  if (!isEnd && !final && endLine.startsWith(line)) return 'open';
  if (!isEnd) return longest >= longRun ? { start, end: at } : null;
  const labelEnd = runEnd(text, at + line.length, upper | space | digit, at + longestLabel);
  if (labelEnd === text.length && !final) return 'open';
  const end = runEnd(text, labelEnd, hyphen, labelEnd + 5);
  if (end === text.length && end < labelEnd + 5 && !final) return 'open';
  return longest >= 16 ? { start, end } : null;
}

// Base64 lines, and headers such as `Proc-Type: 4,ENCRYPTED`; a backslash for `\n` in quoted text.
function isBody(unit: number): boolean {
  if ((classOf(unit) & (alnum | base64 | space | hyphen)) !== 0) return true;
  return unit === 0x5c || unit === 0x3a || unit === 0x2c;
}
