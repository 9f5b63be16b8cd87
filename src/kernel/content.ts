import type { Json, JsonObject } from './json.ts';
import { applyMasks, type Mask } from './mask.ts';
import type { Part, Role } from './subject.ts';

/** The path of the part that holds a content's property names. */
export const keysPath = '#keys';

/**
 * Every string in a JSON content as a part, whatever the field: what nobody listed is judged too.
 * Property names outside `vocabulary` come together as one part at `#keys`. Freezes the content.
 *
 * `roleOf` gives the role of a text from its path. Iterative, so depth cannot exhaust the stack.
 */
export function partsOf(
  content: Json,
  roleOf: (path: string) => Role,
  vocabulary: ReadonlySet<string>,
): readonly Part[] {
  const parts: Part[] = [];
  const keys = new Set<string>();
  const open: [string, readonly Json[] | JsonObject][] = [];

  function see(path: string, value: Json): void {
    if (typeof value === 'string') {
      if (value !== '') parts.push({ path, role: roleOf(path), text: value });
    } else if (typeof value === 'object' && value !== null) open.push([path, value]);
  }

  see('', content);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [path, value] = next;
    Object.freeze(value);
    if (Array.isArray(value)) {
      // An embedding is thousands of numbers: they need no path.
      for (let i = 0; i < value.length; i++) {
        const item = value[i] as Json;
        if (typeof item === 'string' || typeof item === 'object') see(`${path}/${i}`, item);
      }
    } else {
      const object = value as JsonObject;
      for (const key of Object.keys(object)) {
        if (!vocabulary.has(key)) keys.add(key);
        see(`${path}/${escaped(key)}`, object[key] as Json);
      }
    }
  }
  if (keys.size > 0) parts.push({ path: keysPath, role: 'key', text: [...keys].join('\n') });
  return parts;
}

/** A copy of the content with the masked spans replaced; untouched branches are shared. */
export function amended(content: Json, masks: readonly Mask[]): Json {
  if (masks.length === 0) return content;
  const byPath = Map.groupBy(masks, (mask) => mask.path);
  let result = content;
  for (const [path, spans] of byPath) result = replaced(result, pointer(path), spans);
  return result;
}

function replaced(value: Json, path: readonly string[], masks: readonly Mask[]): Json {
  const [key, ...rest] = path;
  if (key === undefined) {
    if (typeof value !== 'string') throw new TypeError('a mask points at what is no text');
    return applyMasks(value, masks);
  }
  if (Array.isArray(value)) {
    const copy = [...value];
    copy[Number(key)] = replaced(copy[Number(key)] as Json, rest, masks);
    return copy;
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) {
    throw new TypeError('a mask points outside the content');
  }
  const object = value as JsonObject;
  return { ...object, [key]: replaced(object[key] as Json, rest, masks) };
}

function pointer(path: string): readonly string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) throw new TypeError('a mask points at what cannot be masked');
  return path
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function escaped(key: string): string {
  return key.includes('~') || key.includes('/')
    ? key.replaceAll('~', '~0').replaceAll('/', '~1')
    : key;
}
