import { anthropic } from './anthropic-family.ts';
import { anthropicRoleIn, readAnthropicRequest } from './anthropic-request.ts';
import { anthropicVocabulary } from './anthropic-vocabulary.ts';
import type { Dialect } from './dialect.ts';

/** Anthropic's token count (`POST /v1/messages/count_tokens`). It sees a whole prompt, so it is judged. */
export const anthropicCountTokens: Dialect = {
  id: 'anthropic.count_tokens',
  family: anthropic,
  path: '/v1/messages/count_tokens',
  costs: false,
  vocabulary: anthropicVocabulary,
  readRequest: (body) => ({ ...readAnthropicRequest(body), stream: false }),
  withModel: (body, model) => ({ ...body, model }),
  withUsage: (body) => body,
  roleIn: anthropicRoleIn,
  roleOut: () => 'other',
  usage: () => null,
  withoutEchoes: (body) => body,
  stream: null,
};
