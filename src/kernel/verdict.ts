import { type Mask, mergeMasks } from './mask.ts';

/** From the mildest to the strictest. The join of two verdicts is the stricter one. */
export const levels = ['allow', 'amend', 'hold', 'deny'] as const;
export type Level = (typeof levels)[number];

/**
 * What was decided: a point of the lattice `allow < amend < hold < deny`, with the masks that
 * apply if the subject passes.
 *
 * INVARIANT: `level` is `allow` only if there are no masks.
 */
export interface Verdict {
  readonly level: Level;
  readonly masks: readonly Mask[];
}

export const allow: Verdict = Object.freeze({ level: 'allow', masks: Object.freeze([]) });
export const deny: Verdict = Object.freeze({ level: 'deny', masks: Object.freeze([]) });

/** A verdict in its normal form: masks merged, and `allow` raised to `amend` where there are any. */
export function verdict(level: Level, masks: readonly Mask[] = []): Verdict {
  if (masks.length === 0) return level === 'allow' ? allow : { level, masks };
  return { level: level === 'allow' ? 'amend' : level, masks: mergeMasks(masks) };
}

/** The least verdict that is at least as strict as both. Commutative, associative, idempotent. */
export function join(a: Verdict, b: Verdict): Verdict {
  const level = stricter(a.level, b.level);
  if (a.masks.length === 0 && b.masks.length === 0) return verdict(level);
  return verdict(level, [...a.masks, ...b.masks]);
}

/** True if a subject with this verdict goes on, as it is or masked. */
export function passes(level: Level): boolean {
  return level === 'allow' || level === 'amend';
}

export function stricter(a: Level, b: Level): Level {
  return levels.indexOf(a) >= levels.indexOf(b) ? a : b;
}
