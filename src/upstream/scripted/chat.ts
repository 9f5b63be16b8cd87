import type { Said } from './play.ts';
import type { Question } from './question.ts';
import { event, events, json, type Rendered, type ScriptedReply } from './rendered.ts';

/** Renders for OpenAI's chat completions, whole or as a stream of `chat.completion.chunk`. */
export function chat(question: Question, said: Said): ScriptedReply {
  return question.stream ? stream(question, said) : whole(question, said);
}

function base(question: Question, object: string): Record<string, unknown> {
  const { id, model } = question;
  // `created` is fixed: the same request gets the same bytes.
  return { id: `chatcmpl-${id}`, object, created: 0, model, system_fingerprint: 'scripted' };
}

function whole(question: Question, said: Said): ScriptedReply {
  const message = {
    role: 'assistant',
    content: said.text === '' && said.calls.length > 0 ? null : said.text,
    refusal: null,
    ...(said.calls.length === 0 ? {} : { tool_calls: said.calls.map(toolCall) }),
  };
  const choice = { index: 0, message, logprobs: null, finish_reason: finish(said) };
  const answer = { ...base(question, 'chat.completion'), choices: [choice], usage: usage(said) };
  return json(200, answer, question.id);
}

function stream(question: Question, said: Said): ScriptedReply {
  const head = base(question, 'chat.completion.chunk');
  const delta = (change: unknown, end: string | null = null, afterMs = 0): Rendered => {
    const choice = { index: 0, delta: change, logprobs: null, finish_reason: end };
    return event(null, { ...head, choices: [choice] }, afterMs);
  };
  const all = [delta({ role: 'assistant', content: '' })];
  for (const { text, delayMs } of said.pieces) all.push(delta({ content: text }, null, delayMs));
  said.calls.forEach((call, index) => {
    const { arguments: args, name } = toolCall(call).function;
    const opening = { index, id: call.id, type: 'function', function: { name, arguments: '' } };
    all.push(delta({ tool_calls: [opening] }));
    all.push(delta({ tool_calls: [{ index, function: { arguments: args } }] }));
  });
  all.push(delta({}, finish(said)));
  const options = question.body['stream_options'] as { include_usage?: unknown } | null | undefined;
  if (options?.include_usage === true) {
    all.push(event(null, { ...head, choices: [], usage: usage(said) }));
  }
  all.push(event(null, '[DONE]'));
  return events(all, question.id);
}

function toolCall(call: Said['calls'][number]) {
  const { id, name } = call;
  return { id, type: 'function', function: { name, arguments: JSON.stringify(call.arguments) } };
}

function finish(said: Said): string {
  return said.calls.length > 0 ? 'tool_calls' : 'stop';
}

function usage({ input, output }: Said) {
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}
