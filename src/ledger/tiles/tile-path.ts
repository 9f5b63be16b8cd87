import { tileWidth } from './tile.ts';

/** What a path of the log names (C2SP tlog-tiles). `width` is 256 for what is full. */
export type LogPath =
  | { readonly kind: 'checkpoint' }
  | {
      readonly kind: 'tile';
      readonly level: number;
      readonly index: number;
      readonly width: number;
    }
  | { readonly kind: 'entries'; readonly index: number; readonly width: number };

/** `tile/<L>/<N>[.p/<W>]` */
export function tilePath(level: number, index: number, width: number = tileWidth): string {
  return `tile/${level}/${numbered(index)}${partial(width)}`;
}

/** `tile/entries/<N>[.p/<W>]` */
export function entriesPath(index: number, width: number = tileWidth): string {
  return `tile/entries/${numbered(index)}${partial(width)}`;
}

/** What a path without its leading slash names, or null for any path that the log does not have. */
export function parseLogPath(path: string): LogPath | null {
  if (path === 'checkpoint') return { kind: 'checkpoint' };
  const [tile, place, ...rest] = path.split('/');
  if (tile !== 'tile' || place === undefined || rest.length === 0 || rest.length > 7) return null;
  const numbers = parseNumbers(rest);
  if (numbers === null) return null;
  if (place === 'entries') return { kind: 'entries', ...numbers };
  const level = decimal(place, 63);
  return level === null ? null : { kind: 'tile', level, ...numbers };
}

function parseNumbers(segments: readonly string[]): { index: number; width: number } | null {
  const parts = [...segments];
  let width = tileWidth;
  if (parts.at(-2)?.endsWith('.p')) {
    const wide = decimal(parts.pop() as string, tileWidth - 1);
    if (wide === null || wide === 0) return null;
    width = wide;
    parts.push((parts.pop() as string).slice(0, -2));
  }
  let index = 0;
  for (const [at, part] of parts.entries()) {
    const isLast = at === parts.length - 1;
    if (part.length !== (isLast ? 3 : 4) || (!isLast && part[0] !== 'x')) return null;
    const digits = isLast ? part : part.slice(1);
    if (![...digits].every(isDigit)) return null;
    index = index * 1000 + Number(digits);
  }
  // One index has one path: no leading group of zeroes.
  if (parts.length > 1 && parts[0] === 'x000') return null;
  return Number.isSafeInteger(index * tileWidth) ? { index, width } : null;
}

function numbered(index: number): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  let path = '';
  for (let at = 0; at < padded.length; at += 3) {
    const group = padded.slice(at, at + 3);
    path += at + 3 < padded.length ? `x${group}/` : group;
  }
  return path;
}

function partial(width: number): string {
  return width === tileWidth ? '' : `.p/${width}`;
}

function decimal(text: string, most: number): number | null {
  if (text.length === 0 || text.length > 3 || ![...text].every(isDigit)) return null;
  if (text.length > 1 && text[0] === '0') return null;
  const value = Number(text);
  return value <= most ? value : null;
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}
