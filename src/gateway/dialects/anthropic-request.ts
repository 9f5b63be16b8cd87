import type { Json, JsonObject, Role } from '../../kernel/index.ts';
import type { RequestFacts } from './dialect.ts';
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
import { rolesByItem } from './role-by-index.ts';

const fields = new Set(
  `betas billing_policy cache_control compaction container context_management diagnostics
   fallback_credit_token fallbacks inference_geo max_tokens mcp_servers messages metadata model
   output_config output_format service_tier speed stop_sequences stream system temperature thinking
   thread tool_choice tools top_k top_p user_profile_id workspace_id`.split(/\s+/),
);

// A tool with a schema of the caller's own has no type, or `custom`.
const plainTools: ReadonlySet<Json | undefined> = new Set([undefined, null, 'custom']);

/** What a request to Messages or to its token count says of itself. */
export function readAnthropicRequest(body: JsonObject): RequestFacts {
  const messages = messagesAt(body, 'messages');
  const tools = objectsAt(body, 'tools');
  const features = new Features()
    .tools(tools, plainTools)
    .content(messages, body.system)
    .unknown(body, fields)
    .add('hosted_tool:mcp', objectsAt(body, 'mcp_servers').length > 0)
    .add('stored_state', present(body.container) || present(body.thread))
    .add('other_model', present(body.fallbacks));
  return {
    model: modelOf(body),
    stream: flagAt(body, 'stream', false),
    user: userAt(objectAt(body, 'metadata') ?? {}, 'user_id'),
    messages: messages.length,
    tools: tools.length,
    features: features.sorted(),
    includeObfuscation: true,
    includeUsage: true,
    maxTokens: countAt(body, 'max_tokens'),
    choices: 1,
  };
}

function present(value: Json | undefined): boolean {
  return value !== undefined && value !== null;
}

/** Who speaks: tool results stand in messages of the user, so the block decides before the message. */
export function anthropicRoleIn(body: JsonObject): (path: string) => Role {
  return rolesByItem(body, 'messages', roleOfMessage, (name) =>
    instructing.has(name) ? 'system' : 'other',
  );
}

// The system prompt, and tool definitions that steer a model just as much.
const instructing = new Set(['system', 'tools', 'tool_choice', 'output_config', 'output_format']);

function roleOfMessage(message: JsonObject, rest: string): Role {
  const { content } = message;
  if (Array.isArray(content) && rest.startsWith('/content/')) {
    const end = rest.indexOf('/', 9);
    const block = content[Number(end < 0 ? rest.slice(9) : rest.slice(9, end))];
    if (isObject(block) && typeof block.type === 'string') {
      if (block.type.endsWith('tool_result')) return 'tool';
      if (block.type === 'document' || block.type === 'search_result') return 'document';
    }
  }
  if (message.role === 'assistant') return 'assistant';
  return message.role === 'system' ? 'system' : 'user';
}
