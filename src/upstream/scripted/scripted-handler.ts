import { chat } from './chat.ts';
import { embeddings } from './embeddings.ts';
import { messages } from './messages.ts';
import { play, type ScriptedError } from './play.ts';
import { type Dialect, dialectOf, type Question, readQuestion } from './question.ts';
import { json, type ScriptedReply } from './rendered.ts';
import { responses } from './responses.ts';
import type { Script } from './script.ts';

/** Answers a request of any dialect. `path` is without its query; the body of a GET is empty. */
export type ScriptedHandler = (path: string, body: string | Buffer) => ScriptedReply;

/**
 * A stand-in for a provider as a pure function: the same request gets the same bytes. Behind a
 * listener it serves tests and benches; the `scripted` upstream calls it without one.
 */
export function scriptedHandler(script: Script): ScriptedHandler {
  return (path, body) => {
    const dialect = dialectOf(path);
    if (dialect === null) return refusal('chat', { status: 404, message: 'no such path' }, '0');
    if (dialect === 'models') return models(script);
    const question = readQuestion(dialect, typeof body === 'string' ? body : body.toString());
    if (typeof question === 'string') {
      return refusal(dialect, { status: 400, message: question }, '0');
    }
    return answer(script, question);
  };
}

function answer(script: Script, question: Question): ScriptedReply {
  const said = play(script, question);
  if ('status' in said) return refusal(question.dialect, said, question.id);
  switch (question.dialect) {
    case 'chat':
      return chat(question, said);
    case 'responses':
      return responses(question, said);
    case 'messages':
      return messages(question, said);
    case 'count_tokens':
      return json(200, { input_tokens: question.inputTokens }, question.id);
    default:
      return embeddings(question);
  }
}

function models(script: Script): ScriptedReply {
  const data = script.models.map((id) => ({
    id,
    object: 'model',
    created: 0,
    owned_by: 'scripted',
  }));
  return json(200, { object: 'list', data }, 'models');
}

const anthropicTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

function refusal(dialect: Dialect, error: ScriptedError, id: string): ScriptedReply {
  const { status, retryAfter } = error;
  const message = `scripted: ${error.message}`;
  const anthropic = dialect === 'messages' || dialect === 'count_tokens';
  const type = anthropicTypes[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  const value = anthropic
    ? { type: 'error', error: { type, message }, request_id: `scripted-${id}` }
    : { error: { message, type: openaiType(status), param: null, code: openaiCode(status) } };
  const reply = json(status, value, id);
  if (retryAfter === undefined) return reply;
  return { ...reply, headers: { ...reply.headers, 'retry-after': String(retryAfter) } };
}

function openaiType(status: number): string {
  return status < 500 ? 'invalid_request_error' : 'server_error';
}

function openaiCode(status: number): string | null {
  if (status === 404) return 'model_not_found';
  return status === 429 ? 'rate_limit_exceeded' : null;
}
