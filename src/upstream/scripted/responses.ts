import type { Call, Said } from './play.ts';
import type { Question } from './question.ts';
import { event, events, json, type Rendered, type ScriptedReply } from './rendered.ts';

type Item = Record<string, unknown>;

/** Renders for OpenAI's Responses, whole or as its sequence of numbered events. */
export function responses(question: Question, said: Said): ScriptedReply {
  if (!question.stream) {
    return json(200, response(question, said, 'completed', items(question, said)), question.id);
  }
  return events(new Sequence(question, said).all(), question.id);
}

function response(question: Question, said: Said, status: string, output: readonly Item[]): Item {
  const done = status === 'completed';
  return {
    id: `resp_${question.id}`,
    object: 'response',
    created_at: 0,
    status,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model: question.model,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: done ? usage(said) : null,
    // The dialect has no fingerprint any more; this is where it says what it is.
    metadata: { system_fingerprint: 'scripted' },
  };
}

function usage({ input, output }: Said): Item {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
}

function items(question: Question, said: Said): Item[] {
  const all = said.calls.map((call, i) => callItem(question, call, i, 'completed'));
  if (said.text !== '' || all.length === 0) {
    all.unshift(messageItem(question, 'completed', [textPart(said.text)]));
  }
  return all;
}

function messageItem({ id }: Question, status: string, content: readonly Item[]): Item {
  return { type: 'message', id: `msg_${id}`, status, role: 'assistant', content };
}

function textPart(text: string): Item {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

function callItem(question: Question, call: Call, index: number, status: string): Item {
  const args = status === 'completed' ? JSON.stringify(call.arguments) : '';
  const id = `fc_${question.id}_${index}`;
  return { type: 'function_call', id, call_id: call.id, name: call.name, arguments: args, status };
}

/** The events of one streamed response, numbered as they are made. */
class Sequence {
  readonly #question: Question;
  readonly #said: Said;
  readonly #events: Rendered[] = [];

  constructor(question: Question, said: Said) {
    this.#question = question;
    this.#said = said;
  }

  all(): readonly Rendered[] {
    const { text, calls } = this.#said;
    const begun = response(this.#question, this.#said, 'in_progress', []);
    this.#add('response.created', { response: begun });
    this.#add('response.in_progress', { response: begun });
    const first = text !== '' || calls.length === 0 ? 1 : 0;
    if (first === 1) this.#message();
    calls.forEach((call, i) => {
      this.#call(call, i, first + i);
    });
    const output = items(this.#question, this.#said);
    const ended = response(this.#question, this.#said, 'completed', output);
    this.#add('response.completed', { response: ended });
    return this.#events;
  }

  #add(type: string, data: Item, afterMs = 0): void {
    this.#events.push(
      event(type, { type, sequence_number: this.#events.length, ...data }, afterMs),
    );
  }

  #message(): void {
    const { text, pieces } = this.#said;
    const at = { item_id: `msg_${this.#question.id}`, output_index: 0, content_index: 0 };
    const open = messageItem(this.#question, 'in_progress', []);
    this.#add('response.output_item.added', { output_index: 0, item: open });
    this.#add('response.content_part.added', { ...at, part: textPart('') });
    for (const { text: delta, delayMs } of pieces) {
      this.#add('response.output_text.delta', { ...at, delta, logprobs: [] }, delayMs);
    }
    this.#add('response.output_text.done', { ...at, text, logprobs: [] });
    this.#add('response.content_part.done', { ...at, part: textPart(text) });
    const item = messageItem(this.#question, 'completed', [textPart(text)]);
    this.#add('response.output_item.done', { output_index: 0, item });
  }

  #call(call: Call, index: number, output_index: number): void {
    const open = callItem(this.#question, call, index, 'in_progress');
    const item = callItem(this.#question, call, index, 'completed');
    const at = { item_id: item['id'], output_index };
    this.#add('response.output_item.added', { output_index, item: open });
    this.#add('response.function_call_arguments.delta', { ...at, delta: item['arguments'] });
    const done = { ...at, name: call.name, arguments: item['arguments'] };
    this.#add('response.function_call_arguments.done', done);
    this.#add('response.output_item.done', { output_index, item });
  }
}
