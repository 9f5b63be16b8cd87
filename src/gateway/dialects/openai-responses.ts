import type { Json, JsonObject, Role } from '../../kernel/index.ts';
import type { Dialect, RequestFacts } from './dialect.ts';
import { Features } from './features.ts';
import {
  countAt,
  flagAt,
  isObject,
  modelOf,
  objectAt,
  objectsAt,
  userAt,
  wrongContent,
} from './fields.ts';
import { openai } from './openai-family.ts';
import { openaiResponsesStream } from './openai-responses-stream.ts';
import { responsesUsage } from './openai-responses-usage.ts';
import { openaiVocabulary } from './openai-vocabulary.ts';
import { rolesByItem } from './role-by-index.ts';

const fields = new Set(
  `access_programs background context_management conversation image include input instructions
   max_output_tokens max_tool_calls metadata model moderation parallel_tool_calls
   previous_response_id prompt prompt_cache_key prompt_cache_options prompt_cache_retention
   reasoning safety_identifier service_tier store stream stream_options temperature text
   tool_choice tools top_logprobs top_p truncation user`.split(/\s+/),
);

const plainTools: ReadonlySet<Json | undefined> = new Set(['function', 'custom']);
const byReference = ['previous_response_id', 'conversation', 'prompt'] as const;

function readRequest(body: JsonObject): RequestFacts {
  const items = itemsOf(body.input);
  const tools = objectsAt(body, 'tools');
  const options = objectAt(body, 'stream_options') ?? {};
  const include = Array.isArray(body.include) ? body.include : [];
  return {
    model: modelOf(body),
    stream: flagAt(body, 'stream', false),
    user: userAt(body, 'user', 'safety_identifier'),
    messages: items.length,
    tools: tools.length,
    features: featuresOf(body, items, tools, include),
    includeObfuscation: flagAt(options, 'include_obfuscation', true, 'stream_options.'),
    includeUsage: true,
    maxTokens: countAt(body, 'max_output_tokens'),
    choices: 1,
  };
}

function featuresOf(
  body: JsonObject,
  items: readonly Json[],
  tools: readonly JsonObject[],
  include: readonly Json[],
): readonly string[] {
  const features = new Features()
    .tools(tools, plainTools)
    .content(
      items,
      tools.filter((tool) => !plainTools.has(tool.type)),
    )
    .unknown(body, fields)
    .add('kept_upstream', flagAt(body, 'store', true))
    .add('stored_state', flagAt(body, 'background', false))
    .add('logprobs', (countAt(body, 'top_logprobs') ?? 0) > 0)
    .add('logprobs', include.includes('message.output_text.logprobs'));
  for (const field of byReference) {
    features.add('stored_state', body[field] !== undefined && body[field] !== null);
  }
  // Tools can also come in the middle of the input.
  for (const item of items) {
    if (isObject(item) && Array.isArray(item.tools)) {
      features.tools(item.tools.filter(isObject), plainTools);
    }
  }
  return features.sorted();
}

function itemsOf(input: Json | undefined): readonly Json[] {
  if (input === undefined || input === null) return [];
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input)) throw wrongContent('input', input, 'send a text or an array of items');
  input.forEach((item: Json, i) => {
    if (!isObject(item)) throw wrongContent(`input[${i}]`, item, 'send an object');
  });
  return input;
}

function roleOfItem(item: JsonObject): Role {
  switch (item.role) {
    case 'system':
    case 'developer':
      return 'system';
    case 'assistant':
      return 'assistant';
    case 'user':
      return 'user';
  }
  const type = typeof item.type === 'string' ? item.type : '';
  if (type.endsWith('_output') || type.startsWith('mcp_')) return 'tool';
  return type.endsWith('_call') || type === 'reasoning' ? 'assistant' : 'user';
}

// Instructions, and tool definitions that steer a model just as much.
const instructing = new Set(['instructions', 'tools', 'text', 'tool_choice', 'prompt']);

/** OpenAI Responses (`POST /v1/responses`), API reference of 2026. */
export const openaiResponses: Dialect = {
  id: 'openai.responses',
  family: openai,
  path: '/v1/responses',
  costs: true,
  vocabulary: openaiVocabulary,
  readRequest,
  withModel: (body, model) => ({ ...body, model }),
  withUsage: (body) => body,
  roleIn: (body) =>
    rolesByItem(body, 'input', roleOfItem, (name) =>
      instructing.has(name) ? 'system' : name === 'input' ? 'user' : 'other',
    ),
  roleOut: (path) => (path.startsWith('/output/') ? 'assistant' : 'other'),
  usage: (body) => responsesUsage(body.usage),
  withoutEchoes: (body) => {
    if (!Array.isArray(body.output)) return body;
    return { ...body, output: body.output.map((item) => withoutLogprobs(item)) };
  },
  stream: openaiResponsesStream,
};

function withoutLogprobs(item: Json): Json {
  if (!isObject(item) || !Array.isArray(item.content)) return item;
  const content = item.content.map((part) =>
    isObject(part) && 'logprobs' in part ? { ...part, logprobs: [] } : part,
  );
  return { ...item, content };
}
