import { anthropicError } from './anthropic-error.ts';
import { anthropicCounts } from './anthropic-usage.ts';
import type { EventMarks, MutableObject, StreamDialect } from './stream-dialect.ts';

function read(name: string, json: MutableObject, marks: EventMarks): void {
  const channel = `/content/${typeof json.index === 'number' ? json.index : 0}/`;
  switch (json.type) {
    case 'content_block_delta':
      readTexts(json.delta, channel, marks);
      break;
    case 'content_block_start':
      readStart(json.content_block, channel, marks);
      break;
    case 'content_block_stop':
      marks.close(channel);
      break;
    case 'message_start':
      readCounts((json.message as MutableObject | null | undefined)?.usage, marks);
      break;
    case 'message_delta':
      readCounts(json.usage, marks);
      break;
    case 'message_stop':
      marks.end('complete');
      break;
    default:
      if (json.type === 'error' || name === 'error') marks.end('failed');
  }
}

// Any text of a delta (`text`, `thinking`, `signature`, one that is yet to come) is a channel; a
// citation is an object and comes whole.
function readTexts(delta: unknown, channel: string, marks: EventMarks): void {
  if (typeof delta !== 'object' || delta === null) return;
  const members = delta as MutableObject;
  for (const key of Object.keys(members)) {
    const value = members[key];
    if (key === 'type' || typeof value !== 'string' || value === '') continue;
    marks.text(members, key, channel + (key === 'partial_json' ? 'input' : key));
  }
}

// A block may start with text of its own, which its deltas continue.
function readStart(block: unknown, channel: string, marks: EventMarks): void {
  if (typeof block !== 'object' || block === null) return;
  const members = block as MutableObject;
  for (const key of ['text', 'thinking']) {
    const value = members[key];
    if (typeof value === 'string' && value !== '') marks.text(members, key, channel + key);
  }
}

function readCounts(usage: unknown, marks: EventMarks): void {
  marks.count(anthropicCounts(usage));
}

/** Events of the Messages API, ended by `message_stop`. */
export const anthropicMessagesStream: StreamDialect = {
  sentinel: null,
  named: true,
  // The protocol has no field for padding; clients and the SSE standard skip comment lines.
  padding: 'comment',
  read,
  errorEvents: (error) => `event: error\ndata: ${JSON.stringify(anthropicError(error))}\n\n`,
};
