import { alnum, classOf, digit, hex, letter, lower, upper } from './char-class.ts';

const placeholders = [
  'example',
  'changeme',
  'change_me',
  'change-me',
  'placeholder',
  'xxxx',
  'your_',
  'your-',
  'yourpass',
  'yourtoken',
  'dummy',
  'redacted',
  'masked',
  '****',
  '....',
  'process.env',
  'os.environ',
  'getenv',
  'import.meta',
  '12345678',
  'abcdefgh',
  'null',
  'undefined',
  'todo',
  'fixme',
  'insert',
  'replace',
  'sample',
  'foobar',
];

const digestNames = [
  'sha1-',
  'sha256-',
  'sha384-',
  'sha512-',
  'sha1:',
  'sha256:',
  'sha512:',
  'md5:',
];

/**
 * True if a value that stands after a keyword looks like a secret and not like a word, a
 * placeholder, a reference or code. `strong`: the keyword says password, so less is asked.
 */
export function looksSecret(value: string, strong: boolean): boolean {
  if (value.length < (strong ? 6 : 8)) return false;
  if (/^[$%{<@#/*&]|^https?:|^file:/.test(value)) return false;
  const folded = value.toLowerCase();
  if (placeholders.some((one) => folded.includes(one))) return false;
  if (digestNames.some((one) => folded.startsWith(one)) || isUuid(value)) return false;
  const seen = kinds(value);
  if ((seen & letter) === 0 || (seen & digit) === 0) {
    return strong && (seen & letter) !== 0 && hasSymbol(value) && entropy(value) >= 2.5;
  }
  if (strong) return entropy(value) >= 2 && !(value.includes('.') && isWordy(value));
  return entropy(value) >= 3 && !isWordy(value);
}

/** Shannon entropy of the characters, in bits each; those beyond ASCII are folded into it. */
export function entropy(value: string): number {
  const counts = new Uint16Array(128);
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i) & 127;
    counts[unit] = (counts[unit] as number) + 1;
  }
  let bits = 0;
  for (const count of counts) {
    if (count > 0) bits -= (count / value.length) * Math.log2(count / value.length);
  }
  return bits;
}

function kinds(value: string): number {
  let all = 0;
  for (let i = 0; i < value.length; i++) all |= classOf(value.charCodeAt(i));
  return all;
}

function hasSymbol(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    // Dots, hyphens, underscores, slashes and colons join words.
    if ((classOf(unit) & alnum) === 0 && !joins(unit)) return true;
  }
  return false;
}

/** True for names made of words: `my-app-2`, `Base64String`, `config.tokenV2`, `10_000`. */
function isWordy(value: string): boolean {
  let start = 0;
  for (let i = 0; i <= value.length; i++) {
    if (i < value.length && !joins(value.charCodeAt(i))) continue;
    if (!isWord(value, start, i)) return false;
    start = i + 1;
  }
  return true;
}

function isWord(value: string, start: number, end: number): boolean {
  if (end - start > 20) return false;
  let digits = 0;
  let turns = 0;
  let last = 0;
  for (let i = start; i < end; i++) {
    const kind = classOf(value.charCodeAt(i)) & (digit | upper | lower);
    if (kind === 0) return false;
    if (kind === digit) digits += 1;
    if (kind !== last) turns += 1;
    last = kind;
  }
  return digits === end - start ? digits <= 4 : digits <= 2 && turns <= 6;
}

function joins(unit: number): boolean {
  return unit === 0x2e || unit === 0x2d || unit === 0x5f || unit === 0x2f || unit === 0x3a;
}

function isUuid(value: string): boolean {
  if (value.length !== 36) return false;
  for (let i = 0; i < 36; i++) {
    const unit = value.charCodeAt(i);
    if (i === 8 || i === 13 || i === 18 || i === 23 ? unit !== 0x2d : (classOf(unit) & hex) === 0) {
      return false;
    }
  }
  return true;
}
