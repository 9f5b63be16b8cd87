import { countedWhole } from './counted.ts';
import { openaiError } from './openai-error.ts';
import { responsesUsage } from './openai-responses-usage.ts';
import type { EventMarks, MutableObject, StreamDialect } from './stream-dialect.ts';

// Where the text of an event lies in the finished response, by the event's kind.
const places: Readonly<Record<string, (item: string, part: number) => string>> = {
  output_text: (item, part) => `${item}content/${part}/text`,
  refusal: (item, part) => `${item}content/${part}/refusal`,
  reasoning_text: (item, part) => `${item}content/${part}/text`,
  reasoning_summary_text: (item, part) => `${item}summary/${part}/text`,
  function_call_arguments: (item) => `${item}arguments`,
  mcp_call_arguments: (item) => `${item}arguments`,
  custom_tool_call_input: (item) => `${item}input`,
  code_interpreter_call_code: (item) => `${item}code`,
  content_part: (item, part) => `${item}content/${part}/`,
  reasoning_summary_part: (item, part) => `${item}summary/${part}/`,
  output_item: (item) => item,
};

function channelOf(kind: string, json: MutableObject): string {
  const item = `/output/${number(json.output_index)}/`;
  const part = number(json.content_index ?? json.summary_index ?? json.command_index);
  const place = Object.hasOwn(places, kind) ? places[kind] : undefined;
  return place === undefined ? `${item}${kind}/${part}` : place(item, part);
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

const prefix = 'response.';
const delta = '.delta';
const done = '.done';

function read(name: string, json: MutableObject, marks: EventMarks): void {
  if (json.obfuscation !== undefined) json.obfuscation = undefined;
  const type = typeof json.type === 'string' ? json.type : '';
  if (type.endsWith(delta)) {
    readDelta(channelOf(type.slice(prefix.length, -delta.length), json), json, marks);
  } else if (type.endsWith(done)) {
    marks.close(channelOf(type.slice(prefix.length, -done.length), json));
  } else if (type === 'error' || name === 'error' || isError(json)) {
    marks.end('failed');
  } else if (type === 'response.completed' || type === 'response.incomplete') {
    readEnd(json, 'complete', marks);
  } else if (type === 'response.failed' || type === 'response.cancelled') {
    readEnd(json, 'failed', marks);
  }
}

function readDelta(channel: string, json: MutableObject, marks: EventMarks): void {
  const text = json.delta;
  if (typeof text === 'string') {
    if (text !== '') marks.text(json, 'delta', channel);
  } else if (typeof text === 'object' && text !== null) {
    const members = text as MutableObject;
    for (const key of Object.keys(members)) {
      const value = members[key];
      if (typeof value === 'string' && value !== '') marks.text(members, key, `${channel}/${key}`);
    }
  }
}

function isError(json: MutableObject): boolean {
  return json.type === undefined && typeof json.error === 'object' && json.error !== null;
}

function readEnd(json: MutableObject, how: 'complete' | 'failed', marks: EventMarks): void {
  const response = json.response as MutableObject | null | undefined;
  const usage = responsesUsage(response?.usage);
  if (usage !== null) marks.count(countedWhole(usage));
  marks.end(how);
}

/** Events of the Responses API. They repeat text when it is done; that is judged whole, again. */
export const openaiResponsesStream: StreamDialect = {
  sentinel: null,
  named: true,
  padding: 'field',
  read,
  errorEvents(error, sequence = 0) {
    // Clients differ in where they look: some want `error`, some the members of the event itself.
    const told = openaiError(error);
    const { code, message, param } = told;
    const event = { type: 'error', sequence_number: sequence, code, message, param, error: told };
    return `event: error\ndata: ${JSON.stringify(event)}\n\n`;
  },
};
