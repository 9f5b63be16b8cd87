import { type Mask, mergeMasks, type Part } from '../../kernel/index.ts';

// So much of what has left goes with the next window, for matches that began in it.
const contextUnits = 128;

interface Cut {
  readonly start: number;
  readonly end: number;
  readonly instead: string;
}

/**
 * One text of an answer that arrives in pieces over many events. Offsets are UTF-16 code units from
 * the channel's beginning. Text is at first pending; what a window settles is decided, and only
 * decided text may leave.
 */
export class Channel {
  readonly path: string;
  /** Nothing follows in it, as far as the protocol says. */
  closed = false;
  /** Text before this offset is decided: it leaves as it is, or as `#cuts` say. */
  decided = 0;
  #window = '';
  #base = 0;
  #asked = 0;
  #cuts: Cut[] = [];

  constructor(path: string) {
    this.path = path;
  }

  get end(): number {
    return this.#base + this.#window.length;
  }

  get pending(): number {
    return this.end - this.decided;
  }

  append(text: string): void {
    this.#window += text;
    this.closed = false;
  }

  /** The pending text with what came just before it, to be judged. */
  part(): Part {
    const text = this.#window;
    this.#asked = text.length;
    const released = this.decided - this.#base;
    const part = { path: this.path, role: 'assistant' as const, text, base: this.#base, released };
    return this.closed ? { ...part, whole: true } : part;
  }

  /**
   * Takes what a window decided: `settled` counts from the start of the part as it was given.
   *
   * INVARIANT: a mask that reaches over the settled offset waits with all text from its start on.
   */
  settle(settled: number, masks: readonly Mask[]): void {
    const released = this.decided - this.#base;
    let until = Math.min(settled, this.#asked);
    const own = masks.length === 0 ? masks : this.#own(masks, released);
    for (const { start, end } of own) {
      if (start < until && end > until) until = start;
    }
    if (until <= released) return;
    for (const { start, end, labels } of own) {
      if (end > until) break;
      const from = Math.max(start, released) + this.#base;
      this.#cuts.push({
        start: from,
        end: end + this.#base,
        instead: `[masked:${labels.join('+')}]`,
      });
    }
    this.decided = this.#base + until;
    this.#asked = 0;
    let drop = until - contextUnits;
    if (drop > 0) {
      if (isLowSurrogate(this.#window.charCodeAt(drop))) drop -= 1;
      this.#window = this.#window.slice(drop);
      this.#base += drop;
    }
  }

  /** Decided text from `start` to `end`, given as `text`, as it may leave. Asked for in order. */
  passed(text: string, start: number, end: number): string {
    if (this.#cuts.length === 0) return text;
    let out = '';
    let at = start;
    for (const cut of this.#cuts) {
      if (cut.start >= end) break;
      if (cut.start >= start) out += text.slice(at - start, cut.start - start) + cut.instead;
      at = Math.max(at, Math.min(cut.end, end));
    }
    while (this.#cuts[0] !== undefined && this.#cuts[0].end <= end) this.#cuts.shift();
    return out + text.slice(at - start);
  }

  #own(masks: readonly Mask[], released: number): readonly Mask[] {
    return mergeMasks(masks.filter((mask) => mask.path === this.path && mask.end > released));
  }
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
