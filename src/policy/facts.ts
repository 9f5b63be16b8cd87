import type { JsonObject } from '../kernel/index.ts';

// What the gateway puts into a subject's context, read strictly: anything in another shape is a
// defect of ours, and refused rather than guessed.

/** A text, or the empty one where there is none. */
export function textOf(context: JsonObject, name: string): string {
  const value = context[name];
  return typeof value === 'string' ? value : '';
}

const none: readonly string[] = [];

/** A list of texts, empty where there is none. @throws TypeError for anything else in it. */
export function textsOf(context: JsonObject, name: string): readonly string[] {
  const value = context[name];
  if (value === undefined) return none;
  if (!Array.isArray(value)) throw new TypeError(`context.${name} is a list of texts`);
  for (const one of value) {
    if (typeof one !== 'string') throw new TypeError(`context.${name} is a list of texts`);
  }
  return value as readonly string[];
}

/** A count, 0 where there is none. @throws TypeError for what is no whole number from 0 to 2^53 - 1. */
export function countOf(value: unknown, name: string): number {
  if (value === undefined) return 0;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new TypeError(`${name} is a whole number of at least 0`);
}
