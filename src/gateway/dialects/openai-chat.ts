import type { Json, JsonObject, Role } from '../../kernel/index.ts';
import type { Dialect, RequestFacts } from './dialect.ts';
import { Features } from './features.ts';
import {
  countAt,
  flagAt,
  isObject,
  messagesAt,
  modelOf,
  objectAt,
  objectsAt,
  userAt,
} from './fields.ts';
import { openaiChatStream } from './openai-chat-stream.ts';
import { chatUsage } from './openai-chat-usage.ts';
import { openai } from './openai-family.ts';
import { openaiVocabulary } from './openai-vocabulary.ts';
import { rolesByItem } from './role-by-index.ts';

const fields = new Set(
  `messages model audio frequency_penalty function_call functions logit_bias logprobs
   max_completion_tokens max_tokens metadata modalities moderation n parallel_tool_calls prediction
   presence_penalty prompt_cache_key prompt_cache_options prompt_cache_retention reasoning_effort
   response_format safety_identifier seed service_tier stop store stream stream_options temperature
   tool_choice tools top_logprobs top_p user verbosity web_search_options`.split(/\s+/),
);

const plainTools: ReadonlySet<Json | undefined> = new Set(['function', 'custom']);

function readRequest(body: JsonObject): RequestFacts {
  const model = modelOf(body);
  const messages = messagesAt(body, 'messages');
  const tools = objectsAt(body, 'tools');
  const options = objectAt(body, 'stream_options') ?? {};
  const modalities = body.modalities;
  const features = new Features()
    .tools(tools, plainTools)
    .content(messages)
    .unknown(body, fields)
    .add('hosted_tool:web_search', isObject(body.web_search_options))
    .add('kept_upstream', flagAt(body, 'store', false))
    .add('logprobs', flagAt(body, 'logprobs', false) || (countAt(body, 'top_logprobs') ?? 0) > 0)
    .add('multiple_choices', (countAt(body, 'n') ?? 1) > 1)
    .add(
      'audio_output',
      isObject(body.audio) || (Array.isArray(modalities) && modalities.includes('audio')),
    );
  return {
    model,
    stream: flagAt(body, 'stream', false),
    user: userAt(body, 'user', 'safety_identifier'),
    messages: messages.length,
    tools: tools.length + objectsAt(body, 'functions').length,
    features: features.sorted(),
    includeObfuscation: flagAt(options, 'include_obfuscation', true, 'stream_options.'),
    includeUsage: flagAt(options, 'include_usage', false, 'stream_options.'),
    maxTokens: countAt(body, 'max_completion_tokens') ?? countAt(body, 'max_tokens'),
    choices: countAt(body, 'n') ?? 1,
  };
}

function roleOfMessage(message: JsonObject): Role {
  switch (message.role) {
    case 'system':
    case 'developer':
      return 'system';
    case 'assistant':
      return 'assistant';
    case 'tool':
    case 'function':
      return 'tool';
    default:
      return 'user';
  }
}

// What a model reads as its instructions: tool definitions may come from a foreign server, but they
// steer it like a system prompt does.
const instructing = new Set(['tools', 'functions', 'response_format', 'tool_choice']);

/** OpenAI Chat Completions (`POST /v1/chat/completions`), API reference of 2026. */
export const openaiChat: Dialect = {
  id: 'openai.chat',
  family: openai,
  path: '/v1/chat/completions',
  costs: true,
  vocabulary: openaiVocabulary,
  readRequest,
  withModel: (body, model) => ({ ...body, model }),
  withUsage: (body) => {
    if (body.stream !== true) return body;
    const options = isObject(body.stream_options) ? body.stream_options : {};
    return { ...body, stream_options: { ...options, include_usage: true } };
  },
  roleIn: (body) =>
    rolesByItem(body, 'messages', roleOfMessage, (name) =>
      instructing.has(name) ? 'system' : name === 'prediction' ? 'assistant' : 'other',
    ),
  roleOut: (path) => (path.startsWith('/choices/') ? 'assistant' : 'other'),
  usage: (body) => chatUsage(body.usage),
  withoutEchoes: (body) => {
    const choices = body.choices;
    if (!Array.isArray(choices)) return body;
    return {
      ...body,
      choices: choices.map((one) =>
        isObject(one) && 'logprobs' in one ? { ...one, logprobs: null } : one,
      ),
    };
  },
  stream: openaiChatStream,
};
