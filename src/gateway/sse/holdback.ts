import { GatehouseError, type Mask, type Part } from '../../kernel/index.ts';
import type { Dialect, MutableObject, StreamDialect, Usage, WireError } from '../dialects/index.ts';
import type { Channel } from './channel.ts';
import type { SseEvent } from './event.ts';
import { EventWriter } from './event-writer.ts';
import { FlatTexts } from './flat-texts.ts';
import { HeldEvent } from './held-event.ts';
import { OpenTexts } from './open-texts.ts';
import type { Padding } from './padding.ts';
import { Reading } from './reading.ts';

export interface HoldbackOptions {
  /** Null: no padding. */
  readonly padding: Padding | null;
  /** Most UTF-16 code units of text that may wait for a decision; 1 Mi by default. */
  readonly limit?: number;
  /** The caller did not ask for usage; what the gateway asked for is taken out of the stream. */
  readonly hideUsage?: boolean;
  /** The caller may not see log-probabilities: those that come all the same are taken out. */
  readonly hideEchoes?: boolean;
}

// What an event weighs beside its text, so that a flood of empty ones has an end as well.
const eventWeight = 16;

// What waits is judged again when it has grown by this share, so that judging it takes time in
// proportion to its length, however small the pieces are.
const growth = 16;
const channelWeight = 64;

/**
 * Holds a stream back until it is judged: events go in, parts to judge and released text come out.
 * Pure; the caller brings bytes and decisions.
 *
 *     push(event)…  ->  parts()  ->  judge  ->  release(settled, masks)  ->  text to send
 *     at the end:       parts()  ->  judge(final)  ->  release  ->  close  ->  last()
 *
 * INVARIANT: events leave in the order in which they came, each only when all its text is decided.
 * INVARIANT: what leaves is built from the judged values, never from the upstream's bytes, so no
 * two readers can see different things in it (duplicate members, stray fields, line ends).
 */
export class Holdback {
  readonly #stream: StreamDialect;
  readonly #reading: Reading;
  readonly #flats: FlatTexts;
  readonly #open: OpenTexts;
  readonly #writer: EventWriter;
  readonly #hideEchoes: boolean;
  readonly #limit: number;
  readonly #queue: HeldEvent[] = [];
  #last: HeldEvent | null = null;
  #asked: Channel[] = [];
  #count = 0;
  #held = 0;
  #fresh = 0;
  #waiting = 0;

  /** @throws TypeError if the dialect does not stream. */
  constructor(dialect: Dialect, options: HoldbackOptions) {
    if (dialect.stream === null) throw new TypeError(`\`${dialect.id}\` does not stream`);
    this.#stream = dialect.stream;
    this.#reading = new Reading(options.hideUsage ?? false);
    this.#flats = new FlatTexts(dialect.vocabulary);
    this.#open = new OpenTexts(this.#flats);
    this.#writer = new EventWriter(dialect.stream, options.padding);
    this.#hideEchoes = options.hideEchoes ?? false;
    this.#limit = options.limit ?? 1024 * 1024;
  }

  /** How the upstream ended it. Still `open` when the upstream's bytes are over: it was cut off. */
  get ended(): 'open' | 'complete' | 'failed' {
    return this.#reading.ended;
  }

  /** Tokens that the upstream reported so far, or null. */
  get usage(): Usage | null {
    return this.#reading.usage;
  }

  /** Code units of text, with a little for each event, that wait. */
  get held(): number {
    return this.#held;
  }

  /**
   * Takes one event of the upstream. What follows the protocol's last event is dropped.
   *
   * @throws GatehouseError `upstream_failed` for what is no event of the protocol, `refused` when
   *   more waits than may; the stream must then be denied.
   */
  push(event: SseEvent): void {
    if (this.ended !== 'open') return;
    if (event.data === this.#stream.sentinel) {
      this.#reading.end('complete');
      return;
    }
    const json = parsed(event.data);
    const held = new HeldEvent(json, this.#hideEchoes);
    this.#reading.begin(held);
    this.#stream.read(event.name, json, this.#reading);
    if (this.#reading.skipped) return;
    this.#flats.find(json, `/events/${this.#count++}`, held, held);
    if (held.open > 0) this.#open.add(held);
    if (this.#reading.ended === 'open') this.#queue.push(held);
    else this.#last = held;
    this.#held += held.weight + eventWeight;
    this.#fresh += held.weight + eventWeight;
    if (this.#held > this.#limit) {
      const what = `over ${this.#limit} characters of the answer wait to be judged`;
      throw new GatehouseError('refused', `${what}; ask for less in one answer`);
    }
  }

  /** False while so little came beside all that waits that another window is not worth its while. */
  get due(): boolean {
    return this.#fresh * growth >= this.#waiting;
  }

  /** What waits to be judged. Empty if nothing does. */
  parts(): readonly Part[] {
    const parts: Part[] = [];
    this.#asked = [];
    for (const channel of this.#reading.channels.values()) {
      if (channel.pending === 0) continue;
      parts.push(channel.part());
      this.#asked.push(channel);
    }
    this.#open.ask(parts);
    return parts;
  }

  /**
   * The events that may leave after a window over the last `parts()`, as they go on the wire; they
   * need the window's permit. `settled` and `masks` are the window's; offsets count in the parts.
   */
  release(settled: Readonly<Record<string, number>>, masks: readonly Mask[]): string {
    this.#fresh = 0;
    this.#waiting = 0;
    for (const channel of this.#asked) {
      channel.settle(settled[channel.path] ?? 0, masks);
      if (channel.pending > 0) this.#waiting += channel.pending + channelWeight;
    }
    this.#asked = [];
    this.#open.settle(settled, masks);
    let out = '';
    let ready = 0;
    for (const event of this.#queue) {
      if (!event.ready) break;
      out += this.#writer.write(event);
      this.#held -= event.weight + eventWeight;
      ready += 1;
    }
    if (ready > 0) this.#queue.splice(0, ready);
    return out;
  }

  /**
   * The protocol's last event, which may leave only with the permit of the closing decision.
   *
   * @throws GatehouseError `unexpected` if the stream has not ended or if text still waits.
   */
  last(): string {
    const undecided = this.#queue.length > 0 || this.#last?.ready === false;
    if (this.ended === 'open' || undecided) {
      throw new GatehouseError('unexpected', 'a stream may end only when all of it is decided');
    }
    if (this.#last === null) return `data: ${this.#stream.sentinel}\n\n`;
    return this.#writer.write(this.#last);
  }

  /** What the caller is told when the stream is denied or fails. Nothing may follow it. */
  failure(error: WireError): string {
    return this.#stream.errorEvents(error, this.#writer.sequence + 1);
  }
}

function parsed(data: string): MutableObject {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    value = null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GatehouseError(
      'upstream_failed',
      'the upstream sent an event that is no JSON object',
    );
  }
  return value as MutableObject;
}
