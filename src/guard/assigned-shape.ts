import { alnum, classOf, hyphen, runEnd, underscore } from './char-class.ts';
import type { Shape, Span } from './token-shape.ts';

const longestTail = 24;
const longestGap = 8;
const longestValue = 1024;

// What a name that goes on like this holds is no secret: `token_type`, `secretName`, `password_id`.
const publicTails = [
  'hash',
  'id',
  'name',
  'type',
  'count',
  'url',
  'uri',
  'length',
  'limit',
  'max',
  'min',
  'file',
  'path',
  'expir',
  'ttl',
  'polic',
  'ref',
  'version',
  'field',
  'digest',
  'usage',
  'index',
  'public',
  'arn',
];

/**
 * Where the value is that is given to a keyword: `keyword … = value`, `"keyword": "value"`,
 * `keyword := value`. Whether it is a secret, `looksSecret` says.
 */
export function assignedValue(text: string, from: number, final: boolean): Shape {
  const tailEnd = runEnd(text, from, alnum | underscore | hyphen, from + longestTail);
  const tail = tailEnd === from ? '' : text.slice(from, tailEnd).toLowerCase();
  if (tail !== '' && publicTails.some((one) => tail.includes(one))) return null;
  if (tailEnd === from + longestTail || (tail === 's' && tailEnd < text.length)) return null;
  let at = quotes(text, tailEnd);
  at = gap(text, at);
  if (at === text.length) return final ? null : 'open';
  const separator = separatorEnd(text, at, final);
  if (typeof separator !== 'number') return separator;
  at = gap(text, separator);
  const start = quotes(text, at);
  // A quote that may be about to come belongs in front of the value too.
  if (start === text.length) return final ? null : 'open';
  return valueAt(text, start, start === at ? 0 : text.charCodeAt(start - 1), final);
}

/** After `=`, `:`, `:=` or `=>`; null for a comparison, a path (`::`) or anything else. */
function separatorEnd(text: string, at: number, final: boolean): number | 'open' | null {
  const unit = text.charCodeAt(at);
  if (unit !== 0x3d && unit !== 0x3a) return null;
  if (at + 1 === text.length) return final ? null : 'open';
  const next = text.charCodeAt(at + 1);
  if (next === 0x3d) return unit === 0x3d ? null : at + 2;
  if (next === 0x3a) return null;
  if (next === 0x3e) return unit === 0x3d ? at + 2 : null;
  return at + 1;
}

/** What follows the scheme in an `authorization` header. */
export function headerValue(text: string, from: number, final: boolean): Shape {
  return valueAt(text, from, 0, final);
}

function valueAt(text: string, start: number, quote: number, final: boolean): Span | 'open' | null {
  const limit = Math.min(text.length, start + longestValue);
  let end = start;
  while (end < limit && !endsValue(text.charCodeAt(end), quote)) end++;
  if (end === text.length && !final) return 'open';
  // A call, an index or a template is code that has no secret in it.
  if (quote === 0 && end < text.length && isCode(text.charCodeAt(end))) return null;
  return end === start ? null : { start, end };
}

function endsValue(unit: number, quote: number): boolean {
  if (unit < 33 || unit === 0x5c) return true;
  if (quote !== 0) return unit === quote;
  // , ; " ' ` < > ( ) { } [ ] | &
  return bareStops.has(unit);
}

const bareStops = new Set([...',;"\'`<>(){}[]|&'].map((one) => one.charCodeAt(0)));

function isCode(unit: number): boolean {
  return unit === 0x28 || unit === 0x5b || unit === 0x7b || unit === 0x3c;
}

// Up to four of them, escaped or not: `"`, `'`, a back tick, `\"`.
function quotes(text: string, from: number): number {
  let i = from;
  while (i < from + 4 && isQuote(text.charCodeAt(i))) i++;
  return i;
}

function isQuote(unit: number): boolean {
  return unit === 0x22 || unit === 0x27 || unit === 0x60 || unit === 0x5c;
}

function gap(text: string, from: number): number {
  let i = from;
  while (i < from + longestGap && (text.charCodeAt(i) === 32 || text.charCodeAt(i) === 9)) i++;
  return i;
}

/** True if a keyword can begin here: at a word's beginning, or at that of a part of it. */
export function beginsWord(text: string, at: number): boolean {
  const before = classOf(text.charCodeAt(at - 1));
  if (at === 0 || (before & alnum) === 0) return true;
  const unit = text.charCodeAt(at);
  const isUpper = unit >= 65 && unit <= 90;
  const afterUpper = text.charCodeAt(at - 1) >= 65 && text.charCodeAt(at - 1) <= 90;
  return isUpper && !afterUpper;
}
