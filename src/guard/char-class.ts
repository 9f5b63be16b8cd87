/** Sets of ASCII characters, one bit each, to be joined with `|`. */
export const digit = 1;
export const upper = 2;
export const lower = 4;
export const underscore = 8;
export const hyphen = 16;
export const dot = 32;
/** `+` and `/`, which base64 has beyond letters and digits. */
export const plusSlash = 64;
export const equals = 128;
export const hex = 256;
export const space = 512;
export const tilde = 1024;

export const letter = upper | lower;
export const alnum = digit | letter;
/** base64url (RFC 4648, section 5), which is also what most tokens are made of. */
export const base64url = alnum | underscore | hyphen;
export const base64 = alnum | plusSlash | equals;

const table = new Uint16Array(128);
function put(characters: string, bits: number): void {
  for (const one of characters) table[one.charCodeAt(0)] = (table[one.charCodeAt(0)] ?? 0) | bits;
}
put('0123456789', digit | hex);
put('ABCDEFGHIJKLMNOPQRSTUVWXYZ', upper);
put('abcdefghijklmnopqrstuvwxyz', lower);
put('abcdefABCDEF', hex);
put('_', underscore);
put('-', hyphen);
put('.', dot);
put('+/', plusSlash);
put('=', equals);
put(' \t\r\n', space);
put('~', tilde);

/** The bits of a UTF-16 code unit; 0 beyond ASCII. */
export function classOf(unit: number): number {
  return unit < 128 ? (table[unit] as number) : 0;
}

/** Where the run of `chars` that begins at `from` ends, at most at `limit`. */
export function runEnd(text: string, from: number, chars: number, limit: number): number {
  const stop = limit < text.length ? limit : text.length;
  let i = from;
  while (i < stop && (classOf(text.charCodeAt(i)) & chars) !== 0) i++;
  return i;
}

/**
 * Ends of runs in one text, remembered: however many literals stand in one long run, each character
 * of it is looked at about once.
 */
export class Runs {
  readonly #text: string;
  readonly #seen = new Map<number, { from: number; to: number }>();

  constructor(text: string) {
    this.#text = text;
  }

  /** The same as `runEnd`. */
  end(from: number, chars: number, limit: number): number {
    const seen = this.#seen.get(chars);
    if (seen === undefined || from < seen.from || from > seen.to) {
      const to = runEnd(this.#text, from, chars, limit);
      this.#seen.set(chars, { from, to });
      return to;
    }
    if (seen.to >= limit) return limit;
    seen.to = runEnd(this.#text, seen.to, chars, limit);
    return seen.to;
  }
}
