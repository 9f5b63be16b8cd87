import { covers } from '../scope.ts';

/** What a credential is good for; null: everything that its agent may. */
export type Scopes = readonly string[] | null;

/** RFC 6749 (3.3): a scope is of printable ASCII without space, quotation mark and backslash. */
const form = /^(?:call_model|call_tool)(?::[\x21\x23-\x5b\x5d-\x7e]{1,200})?$/;
/** The most that a token names. */
export const mostScopes = 64;

/** True for a scope that Gatehouse knows. */
export function isScope(text: string): boolean {
  return form.test(text);
}

/**
 * The scopes of a space-separated text, each once, in their order. Undefined when one of them is
 * none that Gatehouse knows, or there are more than 64.
 */
export function scopesOf(text: string): readonly string[] | undefined {
  const scopes = [...new Set(text.split(' ').filter((one) => one !== ''))];
  if (scopes.length > mostScopes || !scopes.every(isScope)) return undefined;
  return scopes;
}

/** True if what is held covers the asked scope. */
export function isCovered(asked: string, held: Scopes): boolean {
  return held === null || covers(held, asked);
}

/** What both hold: each scope of one that the other covers. */
export function common(one: Scopes, other: Scopes): Scopes {
  if (one === null) return other;
  if (other === null) return one;
  const both = [
    ...one.filter((scope) => isCovered(scope, other)),
    ...other.filter((scope) => isCovered(scope, one)),
  ];
  return [...new Set(both)];
}
