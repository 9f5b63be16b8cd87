import { GatehouseError } from '../../kernel/index.ts';
import { countedWhole } from './counted.ts';
import { chatUsage } from './openai-chat-usage.ts';
import { openaiError } from './openai-error.ts';
import type { EventMarks, MutableObject, StreamDialect } from './stream-dialect.ts';

// Members of a delta that come whole; any other string is text that goes on in the next event.
const wholeMembers = new Set(['role', 'type', 'id', 'object', 'format']);
const deepestDelta = 16;

function read(name: string, json: MutableObject, marks: EventMarks): void {
  if (json.obfuscation !== undefined) json.obfuscation = undefined;
  if (name === 'error' || (json.error !== undefined && json.error !== null)) {
    readError(json, marks);
    return;
  }
  const choices = json.choices;
  if (Array.isArray(choices)) {
    for (let i = 0; i < choices.length; i++) readChoice(choices[i], i, marks);
  }
  if (json.usage !== undefined) readUsage(json, marks);
}

function readChoice(choice: unknown, position: number, marks: EventMarks): void {
  if (typeof choice !== 'object' || choice === null) return;
  const { index, delta, finish_reason: finish } = choice as MutableObject;
  const channel = `/choices/${typeof index === 'number' ? index : position}/`;
  if (typeof delta === 'object' && delta !== null) {
    readDelta(delta as MutableObject, `${channel}message`, 0, marks);
  }
  if (typeof finish === 'string') marks.close(channel);
}

/**
 * Whatever a provider streams in a delta (`content`, `refusal`, `reasoning_content`, arguments of
 * tool calls) is a channel by default, so that no field has to be known for its text to be joined.
 */
function readDelta(delta: MutableObject, path: string, depth: number, marks: EventMarks): void {
  if (depth > deepestDelta) {
    throw new GatehouseError('upstream_failed', 'the upstream sent a delta that nests too deeply');
  }
  for (const key of Object.keys(delta)) {
    const value = delta[key];
    if (typeof value === 'string') {
      if (value !== '' && !wholeMembers.has(key)) marks.text(delta, key, `${path}/${key}`);
    } else if (typeof value === 'object' && value !== null) {
      const own = Array.isArray(delta) ? (value as MutableObject).index : undefined;
      const step = typeof own === 'number' ? own : key;
      readDelta(value as MutableObject, `${path}/${step}`, depth + 1, marks);
    }
  }
}

function readUsage(json: MutableObject, marks: EventMarks): void {
  const usage = chatUsage(json.usage);
  if (usage !== null) marks.count(countedWhole(usage));
  if (!marks.hideUsage) return;
  json.usage = undefined;
  const choices = json.choices;
  if (usage !== null && Array.isArray(choices) && choices.length === 0) marks.skip();
}

// Clients raise on a member `error`; the name of the event alone does not reach all of them.
function readError(json: MutableObject, marks: EventMarks): void {
  if (json.error === undefined || json.error === null) {
    const told = { ...json };
    for (const key of Object.keys(json)) json[key] = undefined;
    json.error = told;
  }
  marks.end('failed');
}

/** Chunks of Chat Completions, ended by `[DONE]`. */
export const openaiChatStream: StreamDialect = {
  sentinel: '[DONE]',
  named: false,
  padding: 'field',
  read,
  errorEvents: (error) => `data: ${JSON.stringify({ error: openaiError(error) })}\n\n`,
};
