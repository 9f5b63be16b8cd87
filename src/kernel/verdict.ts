import { type Mask, mergeMasks } from './mask.ts';

/** From the mildest to the strictest. The join of two verdicts is the stricter one. */
export const levels = ['allow', 'amend', 'hold', 'deny'] as const;
export type Level = (typeof levels)[number];

/**
 * What was decided: a point of the lattice `allow < amend < hold < deny`, with what is taken away if
 * the subject passes: masks over spans of its texts, and `drops`, the RFC 6901 pointers of whole
 * members of its content.
 *
 * INVARIANT: `level` is `allow` only if nothing is taken away.
 */
export interface Verdict {
  readonly level: Level;
  readonly masks: readonly Mask[];
  readonly drops: readonly string[];
}

const none: readonly never[] = Object.freeze([]);
export const allow: Verdict = Object.freeze({ level: 'allow', masks: none, drops: none });
export const deny: Verdict = Object.freeze({ level: 'deny', masks: none, drops: none });

/** A verdict in its normal form: masks merged, drops sorted, `allow` raised to `amend` by any. */
export function verdict(
  level: Level,
  masks: readonly Mask[] = none,
  drops: readonly string[] = none,
): Verdict {
  if (masks.length === 0 && drops.length === 0) {
    return level === 'allow' ? allow : { level, masks: none, drops: none };
  }
  return {
    level: level === 'allow' ? 'amend' : level,
    masks: mergeMasks(masks),
    drops: drops.length < 2 ? drops : [...new Set(drops)].sort(),
  };
}

/** The least verdict that is at least as strict as both. Commutative, associative, idempotent. */
export function join(a: Verdict, b: Verdict): Verdict {
  const level = stricter(a.level, b.level);
  const nothing = a.masks.length + b.masks.length + a.drops.length + b.drops.length === 0;
  if (nothing) return verdict(level);
  return verdict(level, [...a.masks, ...b.masks], [...a.drops, ...b.drops]);
}

/** True if a subject with this verdict goes on, as it is or masked. */
export function passes(level: Level): boolean {
  return level === 'allow' || level === 'amend';
}

export function stricter(a: Level, b: Level): Level {
  return levels.indexOf(a) >= levels.indexOf(b) ? a : b;
}
