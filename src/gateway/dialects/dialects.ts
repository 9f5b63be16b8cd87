import type { IncomingHttpHeaders } from 'node:http';
import { anthropicCountTokens } from './anthropic-count-tokens.ts';
import { anthropic } from './anthropic-family.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import type { Dialect } from './dialect.ts';
import type { Family } from './family.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiEmbeddings } from './openai-embeddings.ts';
import { openai } from './openai-family.ts';
import { openaiResponses } from './openai-responses.ts';

/** Every endpoint that is spoken. */
export const dialects: readonly Dialect[] = [
  openaiChat,
  openaiResponses,
  openaiEmbeddings,
  anthropicMessages,
  anthropicCountTokens,
];

const byPath: ReadonlyMap<string, Dialect> = new Map(dialects.map((one) => [one.path, one]));

/** The dialect of a request path, without its query, or null. */
export function dialectAt(path: string): Dialect | null {
  return byPath.get(path) ?? null;
}

/** The family that a caller speaks where the path does not tell (`/v1/models`, unknown paths). */
export function familyOf(headers: IncomingHttpHeaders): Family {
  return headers['anthropic-version'] === undefined ? openai : anthropic;
}
