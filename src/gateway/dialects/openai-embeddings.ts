import type { Json, JsonObject } from '../../kernel/index.ts';
import type { Dialect, RequestFacts } from './dialect.ts';
import { Features } from './features.ts';
import { modelOf, userAt, wrongContent } from './fields.ts';
import { chatUsage } from './openai-chat-usage.ts';
import { openai } from './openai-family.ts';
import { openaiVocabulary } from './openai-vocabulary.ts';

const fields = new Set(['input', 'model', 'dimensions', 'encoding_format', 'user']);

function readRequest(body: JsonObject): RequestFacts {
  const inputs = inputsOf(body.input);
  const features = new Features().unknown(body, fields);
  // Token ids are text that no control can read.
  features.add(
    'binary_content',
    inputs.some((one) => typeof one !== 'string'),
  );
  return {
    model: modelOf(body),
    stream: false,
    user: userAt(body, 'user'),
    messages: inputs.length,
    tools: 0,
    features: features.sorted(),
    includeObfuscation: true,
    includeUsage: true,
    maxTokens: 0,
    choices: 1,
  };
}

function inputsOf(input: Json | undefined): readonly Json[] {
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input) || input.length === 0) {
    throw wrongContent('input', input, 'send a text, or an array of texts or token ids');
  }
  return input;
}

/** OpenAI Embeddings (`POST /v1/embeddings`). */
export const openaiEmbeddings: Dialect = {
  id: 'openai.embeddings',
  family: openai,
  path: '/v1/embeddings',
  costs: true,
  vocabulary: openaiVocabulary,
  readRequest,
  withModel: (body, model) => ({ ...body, model }),
  withUsage: (body) => body,
  roleIn: () => (path) => (path.startsWith('/input') ? 'document' : 'other'),
  roleOut: () => 'other',
  usage: (body) => chatUsage(body.usage),
  withoutEchoes: (body) => body,
  stream: null,
};
