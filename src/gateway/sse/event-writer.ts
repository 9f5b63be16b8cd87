import { GatehouseError } from '../../kernel/index.ts';
import type { MutableObject, StreamDialect } from '../dialects/index.ts';
import { eventText } from './event.ts';
import type { HeldEvent } from './held-event.ts';
import { bucketOf, type Padding } from './padding.ts';

// Events that tell more than one text's length are padded to multiples of this.
const coarse = 256;

/** Writes decided events, padded where their size would tell the length of what they say. */
export class EventWriter {
  /** The highest number that the protocol gave an event that left. */
  sequence = 0;
  readonly #stream: StreamDialect;
  readonly #padding: Padding | null;

  constructor(stream: StreamDialect, padding: Padding | null) {
    this.#stream = stream;
    this.#padding = padding;
  }

  write(event: HeldEvent): string {
    const bytes = event.finish(this.#padding !== null);
    const { json } = event;
    if (typeof json.sequence_number === 'number') this.sequence = json.sequence_number;
    const name = this.#stream.named ? nameOf(json) : '';
    const text = JSON.stringify(json);
    if (this.#padding === null) return eventText(name, text);
    const texts = event.slots.length > 0;
    const tells = event.flats.length > 0 || event.echoing;
    if (!texts && !tells) return eventText(name, text);
    const pad = this.#padding.take(tells ? room(Buffer.byteLength(text)) : bucketOf(bytes) - bytes);
    if (texts && this.#stream.padding === 'field') {
      return eventText(name, `${text.slice(0, -1)},"obfuscation":"${pad}"}`);
    }
    return `: ${pad}\n${eventText(name, text)}`;
  }
}

function room(bytes: number): number {
  return Math.ceil(bytes / coarse) * coarse - bytes;
}

/** The event's name is its judged `type`, so that the two cannot say different things. */
function nameOf(json: MutableObject): string {
  const { type } = json;
  if (typeof type !== 'string') return '';
  for (let i = 0; i < type.length; i++) {
    const code = type.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) {
      throw new GatehouseError('upstream_failed', 'the upstream sent an event with no usable type');
    }
  }
  return type;
}
