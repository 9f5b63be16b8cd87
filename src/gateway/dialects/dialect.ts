import type { JsonObject, Role } from '../../kernel/index.ts';
import type { Family } from './family.ts';
import type { StreamDialect } from './stream-dialect.ts';
import type { Usage } from './usage.ts';

/** What a request says of itself: facts for policy and routing, no content. */
export interface RequestFacts {
  readonly model: string;
  readonly stream: boolean;
  /** Whom the caller says it acts for; claimed, not proved. At most 256 code units, without control characters. */
  readonly user: string | null;
  readonly messages: number;
  readonly tools: number;
  /** Sorted, of few distinct values; see `features.ts` for each. */
  readonly features: readonly string[];
  /** False if the caller declined stream padding (`stream_options.include_obfuscation`). */
  readonly includeObfuscation: boolean;
  /** True if the caller asked for token usage in the stream. */
  readonly includeUsage: boolean;
  /** Most tokens of one answer, as the caller asked; null: it did not say. */
  readonly maxTokens: number | null;
  /** How many answers it asks for. */
  readonly choices: number;
}

export type DialectId =
  | 'openai.chat'
  | 'openai.responses'
  | 'openai.embeddings'
  | 'anthropic.messages'
  | 'anthropic.count_tokens';

/** One endpoint's wire format: how to read a request, an answer and a stream of it. Pure. */
export interface Dialect {
  readonly id: DialectId;
  readonly family: Family;
  readonly path: string;
  /** False for an endpoint that takes no tokens. */
  readonly costs: boolean;
  /** Property names of the protocol; any other name in a body is content and is judged. */
  readonly vocabulary: ReadonlySet<string>;
  /** @throws GatehouseError `bad_request` that names the field, its value and the mend. */
  readRequest(body: JsonObject): RequestFacts;
  /** A copy that asks for this very model version. */
  withModel(body: JsonObject, model: string): JsonObject;
  /** A copy that makes the upstream report usage in a stream, where the protocol must be asked to. */
  withUsage(body: JsonObject): JsonObject;
  /** Who each text of a request speaks for, from its RFC 6901 pointer. */
  roleIn(body: JsonObject): (path: string) => Role;
  roleOut(path: string): Role;
  /** The usage that a JSON answer reports, or null. */
  usage(body: JsonObject): Usage | null;
  /**
   * A copy without what repeats the answer's text token by token (`logprobs`). For an answer that
   * was masked: what a mask takes away must not stand beside it in pieces.
   */
  withoutEchoes(body: JsonObject): JsonObject;
  /** Null if the endpoint never streams. */
  readonly stream: StreamDialect | null;
}
