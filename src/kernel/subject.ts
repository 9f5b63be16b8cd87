import type { Json, JsonObject } from './json.ts';
import type { Principal } from './principal.ts';

/** Where on the path something is judged. */
export const stages = [
  'enter',
  'input',
  'model',
  'output',
  'action',
  'admit',
  'promote',
  'probe',
] as const;
export type Stage = (typeof stages)[number];

/** Who a text speaks for. `key` marks property names: they are judged and cannot be masked. */
export type Role = 'system' | 'user' | 'assistant' | 'tool' | 'document' | 'other' | 'key';

/**
 * One text of a subject. `path` is its RFC 6901 pointer into the content, or the name of a channel
 * of a stream. In a stream `base` is the offset of `text[0]` in the channel, and the first `released`
 * code units have left already: they are context, no mask can reach them. `whole` marks a text of a
 * window that nothing will follow (a field that arrived complete), so that it is settled when judged.
 */
export interface Part {
  readonly path: string;
  readonly role: Role;
  readonly text: string;
  readonly base?: number;
  readonly released?: number;
  readonly whole?: boolean;
}

/** What is asked for: a model version, a tool, an artifact, or the gateway itself. */
export interface Resource {
  readonly type: 'gateway' | 'model' | 'tool' | 'artifact' | 'release';
  readonly id: string;
}

/**
 * What is judged. Frozen: what a control saw is what is acted on.
 *
 * `context` holds the facts that policies see, of few distinct values; `measures` holds counts
 * (bytes, messages, depth, tools). `names` are property names that belong to a protocol and may be
 * told on the record; others are content. `window` is set on a piece of a stream.
 */
export interface Subject {
  readonly stage: Stage;
  /** W3C trace id, 32 hexadecimal digits; the run that all steps of one request share. */
  readonly trace: string;
  /** Position in the run, from 0. */
  readonly step: number;
  readonly principal: Principal;
  readonly resource: Resource;
  readonly context: JsonObject;
  readonly measures: Readonly<Record<string, number>>;
  readonly content: Json;
  readonly names?: ReadonlySet<string>;
  readonly parts: readonly Part[];
  readonly window?: { readonly final: boolean };
}

/** Freezes a subject with its parts. Its content is frozen by `partsOf`. */
export function subject(from: Subject): Subject {
  for (const part of from.parts) Object.freeze(part);
  Object.freeze(from.parts);
  Object.freeze(from.context);
  Object.freeze(from.measures);
  return Object.freeze(from);
}
