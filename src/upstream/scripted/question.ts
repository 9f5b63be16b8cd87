import { createHash } from 'node:crypto';

export type Dialect = 'chat' | 'responses' | 'embeddings' | 'messages' | 'count_tokens' | 'models';

const dialects: Readonly<Record<string, Dialect>> = {
  '/v1/chat/completions': 'chat',
  '/v1/responses': 'responses',
  '/v1/embeddings': 'embeddings',
  '/v1/messages': 'messages',
  '/v1/messages/count_tokens': 'count_tokens',
  '/v1/models': 'models',
};

/** The dialect of a path, or null if no dialect has it. */
export function dialectOf(path: string): Dialect | null {
  return Object.hasOwn(dialects, path) ? (dialects[path] as Dialect) : null;
}

/** What a script looks at in a request. */
export interface Question {
  readonly dialect: Dialect;
  readonly model: string;
  readonly stream: boolean;
  /** The last text of the user. */
  readonly asked: string;
  readonly inputTokens: number;
  /** The request as it came, for what one dialect alone knows. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The same for the same request, so that a script's answers repeat. */
  readonly id: string;
}

/** Reads a request, or says what is wrong with it. */
export function readQuestion(dialect: Dialect, raw: string): Question | string {
  let body: unknown;
  try {
    body = JSON.parse(raw);
  } catch {
    return 'the body is no JSON';
  }
  if (!isObject(body)) return 'the body is no JSON object';
  const { model, stream } = body;
  if (typeof model !== 'string') return '`model` is missing';
  return {
    dialect,
    model,
    stream: stream === true,
    asked: asked(dialect, body),
    inputTokens: tokensOf(raw),
    body,
    id: createHash('sha256').update(raw).digest('hex').slice(0, 24),
  };
}

/** An estimate (four characters a token), as a script has no tokenizer. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

function asked(dialect: Dialect, body: Record<string, unknown>): string {
  const items = dialect === 'responses' ? body['input'] : body['messages'];
  if (typeof items === 'string') return items;
  if (!Array.isArray(items)) return '';
  const last = items.findLast((item) => isObject(item) && item['role'] === 'user');
  return last === undefined ? '' : textOf(last.content);
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part) => (isObject(part) && typeof part['text'] === 'string' ? part['text'] : ''))
    .join('');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
