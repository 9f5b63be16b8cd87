import { isUtf8 } from 'node:buffer';
import { GatehouseError } from '../../kernel/index.ts';
import type { SseEvent } from './event.ts';

const nothing = Buffer.alloc(0);

/**
 * Reads server-sent events from bytes as they come (WHATWG HTML, section 9.2.6): lines end with LF,
 * CR or CRLF, a leading byte order mark is dropped, comments and unknown fields are skipped.
 * Stricter than the standard in two points: invalid UTF-8 is an error and not replaced, since what
 * is judged must be what the caller reads, and an event may have at most `limit` code units.
 */
export class SseParser {
  readonly #limit: number;
  #bytes: Buffer = nothing;
  #line = '';
  #name = '';
  #data: string | null = null;
  #size = 0;
  #afterCr = false;
  #begun = false;

  constructor(limit = 4 * 1024 * 1024) {
    this.#limit = limit;
  }

  /**
   * The events that end in this chunk.
   *
   * @throws GatehouseError `upstream_failed` for invalid UTF-8 or an event over the limit. The
   *   parser is then of no more use.
   */
  feed(chunk: Uint8Array): readonly SseEvent[] {
    let text = this.#decoded(chunk);
    if (text === '') return [];
    if (!this.#begun) {
      this.#begun = true;
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    const events: SseEvent[] = [];
    let from = 0;
    if (this.#afterCr && text.charCodeAt(0) === 0x0a) from = 1;
    this.#afterCr = false;
    let cr = text.indexOf('\r', from);
    let lf = text.indexOf('\n', from);
    while (cr >= 0 || lf >= 0) {
      const isCr = cr >= 0 && (lf < 0 || cr < lf);
      const end = isCr ? cr : lf;
      this.#take(text, from, end, events);
      from = end + 1;
      if (isCr) {
        if (lf === from) from += 1;
        else if (from === text.length) this.#afterCr = true;
        cr = text.indexOf('\r', from);
      }
      if (lf >= 0 && lf < from) lf = text.indexOf('\n', from);
    }
    this.#keep(text, from);
    return events;
  }

  /** Says that no bytes follow. True if the last event was cut off; it is dropped, as the standard says. */
  end(): boolean {
    return this.#bytes.length > 0 || this.#line !== '' || this.#data !== null || this.#name !== '';
  }

  #take(text: string, from: number, end: number, events: SseEvent[]): void {
    const rest = text.slice(from, end);
    const line = this.#line === '' ? rest : this.#line + rest;
    this.#line = '';
    if (line !== '') {
      this.#grow(rest.length);
      this.#field(line);
      return;
    }
    if (this.#data !== null && this.#data !== '')
      events.push({ name: this.#name, data: this.#data });
    this.#name = '';
    this.#data = null;
    this.#size = 0;
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    if (field !== 'data' && field !== 'event') return;
    let value = '';
    if (colon > 0) value = line.slice(line.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1);
    if (field === 'event') this.#name = value;
    else this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
  }

  #keep(text: string, from: number): void {
    if (from >= text.length) return;
    this.#grow(text.length - from);
    this.#line += from === 0 ? text : text.slice(from);
  }

  #grow(by: number): void {
    this.#size += by;
    if (this.#size > this.#limit) {
      const what = `the upstream sent an event of over ${this.#limit} characters`;
      throw new GatehouseError('upstream_failed', `${what}; ask for less in one answer`);
    }
  }

  /** The chunk's text, but for a character that the chunk cuts in two: that waits. */
  #decoded(chunk: Uint8Array): string {
    const fresh = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const all = this.#bytes.length === 0 ? fresh : Buffer.concat([this.#bytes, fresh]);
    const end = wholeCharacters(all);
    const whole = end === all.length ? all : all.subarray(0, end);
    this.#bytes = end === all.length ? nothing : Buffer.from(all.subarray(end));
    if (!isUtf8(whole)) {
      throw new GatehouseError('upstream_failed', 'the upstream sent a stream that is not UTF-8');
    }
    return whole.toString('utf8');
  }
}

/** The length without the first bytes of a character whose last ones are still to come (RFC 3629). */
function wholeCharacters(bytes: Buffer): number {
  const { length } = bytes;
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back] as number;
    if (byte < 0x80) return length;
    if (byte >= 0xc0) {
      const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needs > back ? length - back : length;
    }
  }
  return length;
}
