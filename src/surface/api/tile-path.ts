/** Which tile a path names. `width` is there for a partial tile only. */
export interface TilePath {
  readonly level: number | 'entries';
  readonly index: number;
  readonly width?: number;
}

/**
 * Reads the path of a tile below `/tile/` (C2SP tlog-tiles, "Merkle Tree"): a level from 0 to 63 or
 * `entries`, the index in groups of three digits of which all but the last start with `x`, and
 * `.p/W` with W from 1 to 255. Null for any other spelling, so that a tile has one address.
 */
export function tilePath(level: string, rest: string): TilePath | null {
  const match = /^((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(rest);
  const numbered = /^(0|[1-9]\d?)$/.test(level) && Number(level) <= 63;
  if (match === null || (level !== 'entries' && !numbered)) return null;
  const groups = match[1] as string;
  if (groups.startsWith('x000')) return null;
  const index = Number(groups.replaceAll('x', '').replaceAll('/', ''));
  const at = level === 'entries' ? level : Number(level);
  if (match[2] === undefined) return { level: at, index };
  const width = Number(match[2]);
  return width > 255 ? null : { level: at, index, width };
}
