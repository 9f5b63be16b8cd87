import { applyMasks, type Mask, mergeMasks } from '../../kernel/index.ts';
import type { MutableObject } from '../dialects/index.ts';
import type { Channel } from './channel.ts';
import type { Found, Taken } from './flat-texts.ts';

interface Slot {
  readonly holder: MutableObject;
  readonly key: string;
  readonly channel: Channel;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A string of an event that came whole. It is open until a window settles it. */
export interface Flat {
  readonly event: HeldEvent;
  readonly path: string;
  readonly holder: MutableObject;
  readonly key: string;
  readonly text: string;
}

// Paths up to here weigh nothing: each protocol has them.
const usualPath = 256;

/** One event that waits until all that it says is decided. */
export class HeldEvent implements Found, Taken {
  readonly json: MutableObject;
  readonly slots: Slot[] = [];
  readonly flats: Flat[] = [];
  readonly names: string[] = [];
  readonly #echoes: [MutableObject, string][] = [];
  /** How many flat texts and names are not settled yet. */
  open = 0;
  /** Code units of all its texts that are judged. */
  weight = 0;
  #changed: boolean;

  constructor(json: MutableObject, hideEchoes = false) {
    this.json = json;
    this.#changed = hideEchoes;
  }

  /** True if padding has to hide more than the length of the channels' text. */
  get echoing(): boolean {
    return this.#echoes.length > 0;
  }

  take(holder: MutableObject, key: string, channel: Channel): void {
    const text = holder[key] as string;
    const start = channel.end;
    channel.append(text);
    this.weight += text.length;
    this.slots.push({ holder, key, channel, text, start, end: start + text.length });
  }

  has(holder: MutableObject, key: string): boolean {
    for (const slot of this.slots) if (slot.holder === holder && slot.key === key) return true;
    return false;
  }

  text(path: string, holder: MutableObject, key: string): void {
    const text = holder[key] as string;
    this.flats.push({ event: this, path, holder, key, text });
    // A long name is repeated in the path of each text below it.
    this.weight += text.length + Math.max(0, path.length - usualPath);
    this.open += 1;
  }

  name(key: string): void {
    this.names.push(key);
    this.weight += key.length;
    this.open += 1;
  }

  echo(holder: MutableObject, key: string): void {
    this.#echoes.push([holder, key]);
  }

  /** Masks a flat text that was settled. */
  mask(flat: Flat, masks: readonly Mask[]): void {
    flat.holder[flat.key] = applyMasks(flat.text, mergeMasks(masks));
    this.#changed = true;
  }

  /** True if everything in it is decided. */
  get ready(): boolean {
    if (this.open > 0) return false;
    for (const { channel, end } of this.slots) if (channel.decided < end) return false;
    return true;
  }

  /** Puts what may leave in place of what came. Returns the bytes of the channels' text, if `measure`. */
  finish(measure: boolean): number {
    let bytes = 0;
    for (const { holder, key, channel, text, start, end } of this.slots) {
      const passed = channel.passed(text, start, end);
      if (measure) bytes += Buffer.byteLength(JSON.stringify(passed)) - 2;
      if (passed === text) continue;
      holder[key] = passed;
      this.#changed = true;
    }
    // INVARIANT: where a mask took something away, or the caller may not see them, no tokens stand
    // beside the text.
    if (this.#changed) {
      for (const [holder, key] of this.#echoes) {
        holder[key] = Array.isArray(holder[key]) ? [] : null;
      }
    }
    return bytes;
  }
}
