import type { Counted } from './counted.ts';
import type { WireError } from './wire-error.ts';

/** A parsed event's JSON, ours alone to change until it is written. */
export type MutableObject = { [key: string]: unknown };

/** Where a dialect marks what it found in one event. */
export interface EventMarks {
  /** True if the caller did not ask for usage, so that what the gateway asked for is taken out. */
  readonly hideUsage: boolean;
  /**
   * The string `holder[key]` continues a channel: text that is cut over events, judged as one.
   * The channel's name is the pointer that the text has in the same answer as JSON.
   */
  text(holder: MutableObject, key: string, channel: string): void;
  /** No text follows in channels whose name starts so. */
  close(prefix: string): void;
  /** The stream ends with this event: it may leave only after the closing decision. */
  end(how: 'complete' | 'failed'): void;
  /** Token counts so far; null leaves a count as it was. */
  count(counted: Counted): void;
  /** This event tells the caller nothing and is not passed on. */
  skip(): void;
}

/**
 * How a protocol streams an answer over server-sent events. Strings that it does not mark as text
 * of a channel are judged whole, each by itself.
 */
export interface StreamDialect {
  /** The data of a last event that is no JSON (`[DONE]`), if the protocol has one. */
  readonly sentinel: string | null;
  /** True if events bear their JSON's `type` as their name. */
  readonly named: boolean;
  /** How text events are padded: by an `obfuscation` field or by a comment line. */
  readonly padding: 'field' | 'comment';
  /** Marks the channels, ends and counts of one event. `name` is what the upstream called it. */
  read(name: string, json: MutableObject, marks: EventMarks): void;
  /**
   * Events that tell the caller of a denial or failure in mid-stream; nothing follows them.
   * `sequence` numbers the event where the protocol counts them.
   */
  errorEvents(error: WireError, sequence?: number): string;
}
