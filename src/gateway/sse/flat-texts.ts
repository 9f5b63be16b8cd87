import { GatehouseError } from '../../kernel/index.ts';
import type { MutableObject } from '../dialects/index.ts';

/** A string or a set of property names that came whole and is to be judged by itself. */
export interface Found {
  text(path: string, holder: MutableObject, key: string): void;
  name(key: string): void;
  /** A member that repeats the event's text in tokens. */
  echo(holder: MutableObject, key: string): void;
}

const deepest = 128;
const mostKnown = 256 * 1024;

/**
 * Finds every string of an event that no channel took, and every property name that is not of the
 * protocol's vocabulary. What was judged in this stream and passed unmasked is not judged again:
 * ids, model names and types are the same in each event.
 */
export class FlatTexts {
  readonly #vocabulary: ReadonlySet<string>;
  readonly #texts = new Set<string>();
  readonly #names = new Set<string>();
  #known = 0;

  constructor(vocabulary: ReadonlySet<string>) {
    this.#vocabulary = vocabulary;
  }

  find(value: object, path: string, taken: Taken, found: Found, depth = 0): void {
    if (depth > deepest) {
      throw new GatehouseError(
        'upstream_failed',
        'the upstream sent an event that nests too deeply',
      );
    }
    const holder = value as MutableObject;
    const named = !Array.isArray(value);
    for (const key of Object.keys(holder)) {
      if (named && !this.#vocabulary.has(key) && !this.#names.has(key)) found.name(key);
      const member = holder[key];
      if (typeof member === 'string') {
        if (member === '' || this.#texts.has(member) || taken.has(holder, key)) continue;
        found.text(`${path}/${key}`, holder, key);
      } else if (typeof member === 'object' && member !== null) {
        if (key === 'logprobs') found.echo(holder, key);
        this.find(member, `${path}/${key}`, taken, found, depth + 1);
      }
    }
  }

  /** Remembers a text that was judged and passed as it is. */
  passed(text: string): void {
    this.#known += text.length;
    if (this.#known > mostKnown) {
      this.#texts.clear();
      this.#known = text.length;
    }
    this.#texts.add(text);
  }

  passedName(key: string): void {
    if (this.#names.size < 1000) this.#names.add(key);
  }
}

/** Which strings of an event belong to channels. */
export interface Taken {
  has(holder: MutableObject, key: string): boolean;
}
