import { anthropic } from './anthropic-family.ts';
import { anthropicMessagesStream } from './anthropic-messages-stream.ts';
import { anthropicRoleIn, readAnthropicRequest } from './anthropic-request.ts';
import { anthropicUsage } from './anthropic-usage.ts';
import { anthropicVocabulary } from './anthropic-vocabulary.ts';
import type { Dialect } from './dialect.ts';

/** Anthropic Messages (`POST /v1/messages`), API version 2023-06-01. */
export const anthropicMessages: Dialect = {
  id: 'anthropic.messages',
  family: anthropic,
  path: '/v1/messages',
  costs: true,
  vocabulary: anthropicVocabulary,
  readRequest: readAnthropicRequest,
  withModel: (body, model) => ({ ...body, model }),
  withUsage: (body) => body,
  roleIn: anthropicRoleIn,
  roleOut: (path) => (path.startsWith('/content/') ? 'assistant' : 'other'),
  usage: (body) => anthropicUsage(body.usage),
  withoutEchoes: (body) => body,
  stream: anthropicMessagesStream,
};
