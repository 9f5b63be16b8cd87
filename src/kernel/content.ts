import { GatehouseError } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import { applyMasks, type Mask } from './mask.ts';
import type { Part, Role } from './subject.ts';

/** The path of the part that holds a content's property names. */
export const keysPath = '#keys';

/** What a text weighs beside its path, in code units: the part that is made for it. */
const partWeight = 64;
/**
 * INVARIANT: parts take memory in proportion to this, however a content is built: a long name is
 * repeated in the path of every text below it, and a million texts of one letter are a million parts.
 */
const mostWeight = 64 * 1024 * 1024;

/**
 * Every string in a JSON content as a part, whatever the field: what nobody listed is judged too.
 * Property names outside `vocabulary` come together as one part at `#keys`. Freezes the content.
 *
 * `roleOf` gives the role of a text from its path. Iterative, so depth cannot exhaust the stack.
 *
 * @throws GatehouseError `too_large` when the texts are so many, or their paths so long, that judging
 *   them would take more than 64 Mi code units for paths alone.
 */
export function partsOf(
  content: Json,
  roleOf: (path: string) => Role,
  vocabulary: ReadonlySet<string>,
): readonly Part[] {
  const parts: Part[] = [];
  const keys = new Set<string>();
  const open: [string, readonly Json[] | JsonObject][] = [];
  let weight = 0;

  function see(path: string, value: Json): void {
    if (typeof value === 'string') {
      if (value === '') return;
      weight += partWeight + path.length;
      if (weight > mostWeight) throw tooMany();
      parts.push({ path, role: roleOf(path), text: value });
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

/** True if the content has a member or an element at this pointer (RFC 6901); its root is neither. */
export function holds(content: Json, path: string): boolean {
  if (!path.startsWith('/')) return false;
  let value: Json | undefined = content;
  for (const token of pointer(path)) {
    if (typeof value !== 'object' || value === null) return false;
    if (Array.isArray(value) ? !/^(0|[1-9]\d{0,8})$/.test(token) : !Object.hasOwn(value, token)) {
      return false;
    }
    value = (value as Record<string, Json>)[token];
    if (value === undefined) return false;
  }
  return true;
}

/** What is taken away, by the way to it: from this very value, and below it by member or index. */
interface Branch {
  readonly masks: Mask[];
  dropped: boolean;
  readonly below: Map<string, Branch>;
}

/**
 * A copy of the content with the masked spans replaced and the dropped members taken out; untouched
 * branches are shared.
 */
export function amended(
  content: Json,
  masks: readonly Mask[],
  drops: readonly string[] = [],
): Json {
  if (masks.length === 0 && drops.length === 0) return content;
  const root = branch();
  for (const mask of masks) at(root, mask.path).masks.push(mask);
  for (const path of drops) at(root, path).dropped = true;
  if (root.dropped) throw new TypeError('a whole content is not dropped');
  return replaced(content, root);
}

function branch(): Branch {
  return { masks: [], dropped: false, below: new Map() };
}

function at(root: Branch, path: string): Branch {
  let found = root;
  for (const token of pointer(path)) {
    let next = found.below.get(token);
    if (next === undefined) {
      next = branch();
      found.below.set(token, next);
    }
    found = next;
  }
  return found;
}

// Each object and list is copied once, however many masks lie below it.
function replaced(value: Json, { masks, below }: Branch): Json {
  if (masks.length > 0) {
    if (typeof value !== 'string') throw new TypeError('a mask points at what is no text');
    return applyMasks(value, masks);
  }
  if (typeof value !== 'object' || value === null) {
    throw new TypeError('a mask points outside the content');
  }
  if (Array.isArray(value)) {
    const copy: (Json | undefined)[] = [...value];
    for (const [key, one] of below) {
      const index = Number(key);
      copy[index] = one.dropped ? undefined : replaced(copy[index] as Json, one);
    }
    // JSON has no `undefined`: only what was dropped is one.
    return copy.filter((one) => one !== undefined);
  }
  const copy: Record<string, Json> = { ...(value as JsonObject) };
  for (const [key, one] of below) {
    if (!Object.hasOwn(copy, key)) throw new TypeError('a mask points outside the content');
    if (one.dropped) delete copy[key];
    else copy[key] = replaced(copy[key] as Json, one);
  }
  return copy;
}

function pointer(path: string): readonly string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) throw new TypeError('a mask points at what cannot be masked');
  return path
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function tooMany(): GatehouseError {
  const what = 'it holds too many texts, or names too long, to be judged';
  return new GatehouseError('too_large', `${what}; send less in one piece`);
}

function escaped(key: string): string {
  return key.includes('~') || key.includes('/')
    ? key.replaceAll('~', '~0').replaceAll('/', '~1')
    : key;
}
