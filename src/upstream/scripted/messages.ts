import type { Said } from './play.ts';
import type { Question } from './question.ts';
import { event, events, json, type Rendered, type ScriptedReply } from './rendered.ts';

type Block = Record<string, unknown>;

/** Renders for Anthropic's Messages, whole or as its sequence of events. */
export function messages(question: Question, said: Said): ScriptedReply {
  return question.stream ? stream(question, said) : whole(question, said);
}

function envelope(question: Question, content: readonly Block[], ending: Block): Block {
  const id = `msg_scripted_${question.id}`;
  const { model } = question;
  return { id, type: 'message', role: 'assistant', model, content, ...ending };
}

function whole(question: Question, said: Said): ScriptedReply {
  const content: Block[] = said.calls.map((call) => toolUse(call, call.arguments));
  if (hasText(said)) content.unshift({ type: 'text', text: said.text });
  const ending = { ...stop(said), usage: usage(said.input, said.output) };
  return json(200, envelope(question, content, ending), question.id);
}

function stream(question: Question, said: Said): ScriptedReply {
  const all: Rendered[] = [];
  const add = (type: string, data: Block, afterMs = 0): void => {
    all.push(event(type, { type, ...data }, afterMs));
  };
  const open = { stop_reason: null, stop_sequence: null, usage: usage(said.input, 0) };
  add('message_start', { message: envelope(question, [], open) });
  let index = 0;
  if (hasText(said)) {
    add('content_block_start', { index, content_block: { type: 'text', text: '' } });
    for (const { text, delayMs } of said.pieces) {
      add('content_block_delta', { index, delta: { type: 'text_delta', text } }, delayMs);
    }
    add('content_block_stop', { index: index++ });
  }
  for (const call of said.calls) {
    const partial_json = JSON.stringify(call.arguments);
    add('content_block_start', { index, content_block: toolUse(call, {}) });
    add('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json } });
    add('content_block_stop', { index: index++ });
  }
  add('message_delta', { delta: stop(said), usage: usage(said.input, said.output) });
  add('message_stop', {});
  return events(all, question.id);
}

function hasText(said: Said): boolean {
  return said.text !== '' || said.calls.length === 0;
}

function toolUse(call: Said['calls'][number], input: unknown): Block {
  return { type: 'tool_use', id: call.id.replace('call_', 'toolu_'), name: call.name, input };
}

function stop(said: Said): Block {
  return { stop_reason: said.calls.length > 0 ? 'tool_use' : 'end_turn', stop_sequence: null };
}

function usage(input_tokens: number, output_tokens: number): Block {
  return {
    input_tokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens,
  };
}
