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

/** Masks by the way to them: those of this very text, and below it by member or index. */
interface Branch {
  readonly masks: Mask[];
  readonly below: Map<string, Branch>;
}

/** A copy of the content with the masked spans replaced; untouched branches are shared. */
export function amended(content: Json, masks: readonly Mask[]): Json {
  if (masks.length === 0) return content;
  const root: Branch = { masks: [], below: new Map() };
  for (const mask of masks) {
    let at = root;
    for (const token of pointer(mask.path)) {
      let next = at.below.get(token);
      if (next === undefined) {
        next = { masks: [], below: new Map() };
        at.below.set(token, next);
      }
      at = next;
    }
    at.masks.push(mask);
  }
  return replaced(content, root);
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
    const copy = [...value];
    for (const [key, branch] of below) {
      copy[Number(key)] = replaced(copy[Number(key)] as Json, branch);
    }
    return copy;
  }
  const copy: Record<string, Json> = { ...(value as JsonObject) };
  for (const [key, branch] of below) {
    if (!Object.hasOwn(copy, key)) throw new TypeError('a mask points outside the content');
    copy[key] = replaced(copy[key] as Json, branch);
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
