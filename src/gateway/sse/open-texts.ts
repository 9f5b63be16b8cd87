import { keysPath, type Mask, type Part } from '../../kernel/index.ts';
import type { FlatTexts } from './flat-texts.ts';
import type { Flat, HeldEvent } from './held-event.ts';

/** The texts and property names of held events that came whole and wait for their judgement. */
export class OpenTexts {
  readonly #flats: FlatTexts;
  #texts: Flat[] = [];
  #names: [HeldEvent, string][] = [];
  #askedTexts = 0;
  #askedNames = 0;
  #askedLength = 0;

  constructor(flats: FlatTexts) {
    this.#flats = flats;
  }

  add(event: HeldEvent): void {
    for (const flat of event.flats) this.#texts.push(flat);
    for (const name of event.names) this.#names.push([event, name]);
  }

  ask(parts: Part[]): void {
    this.#askedTexts = this.#texts.length;
    for (const { path, text } of this.#texts) {
      parts.push({ path, role: 'assistant', text, whole: true });
    }
    this.#askedNames = this.#names.length;
    if (this.#askedNames === 0) return;
    const text = this.#names.map(([, name]) => name).join('\n');
    this.#askedLength = text.length;
    parts.push({ path: keysPath, role: 'key', text, whole: true });
  }

  /** Closes what was settled whole. Nothing that came after `ask` is touched. */
  settle(settled: Readonly<Record<string, number>>, masks: readonly Mask[]): void {
    if (this.#askedTexts > 0) {
      const byPath = Map.groupBy(masks, ({ path }) => path);
      this.#texts = this.#texts.filter(
        (flat, i) => i >= this.#askedTexts || !this.#closed(flat, settled, byPath.get(flat.path)),
      );
      this.#askedTexts = 0;
    }
    if (this.#askedNames > 0 && (settled[keysPath] ?? 0) >= this.#askedLength) {
      for (const [event, name] of this.#names.splice(0, this.#askedNames)) {
        event.open -= 1;
        this.#flats.passedName(name);
      }
    }
    this.#askedNames = 0;
  }

  #closed(
    flat: Flat,
    settled: Readonly<Record<string, number>>,
    own: readonly Mask[] | undefined,
  ): boolean {
    if ((settled[flat.path] ?? 0) < flat.text.length) return false;
    if (own !== undefined) flat.event.mask(flat, own);
    else this.#flats.passed(flat.text);
    flat.event.open -= 1;
    return true;
  }
}
