/** A JSON value (RFC 8259) as this house passes it about. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/**
 * Canonical JSON after RFC 8785 (JCS): members sorted by UTF-16 code units,
 * numbers as ECMAScript prints them, no white space.
 *
 * @throws TypeError for what JSON cannot say (NaN, Infinity, a lone surrogate, undefined, a function).
 */
export function canonical(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON has no \`${value}\``);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    let items = '';
    for (const item of value) items += `${items === '' ? '' : ','}${canonical(item)}`;
    return `[${items}]`;
  }
  if (typeof value !== 'object') throw new TypeError(`canonical JSON has no \`${typeof value}\``);
  const object = value as JsonObject;
  let text = '';
  for (const key of Object.keys(object).sort()) {
    text += `${text === '' ? '' : ','}${quotedName(key)}:${canonical(object[key] as Json)}`;
  }
  return `{${text}}`;
}

// What needs no escape, which nearly all that is written does not.
const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

function quoted(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new TypeError('canonical JSON has no lone surrogate');
  return JSON.stringify(text);
}

// The names of one product's documents are few and come again and again.
const names = new Map<string, string>();
const mostNames = 1_000;

function quotedName(name: string): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  const text = quoted(name);
  if (names.size < mostNames && name.length < 64) names.set(name, text);
  return text;
}
