import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The word that only a model's answer holds: who reads it got an answer. */
export const marker = 'MARKERWORD';

/** A provider on loopback that speaks every dialect and remembers what reached it. */
export interface Provider {
  readonly url: string;
  readonly seen: { readonly path: string; readonly body: string }[];
  /** Replaces the next answers; null answers as usual. */
  answer: ((path: string, body: string, response: ServerResponse) => void) | null;
  close(): Promise<void>;
}

export async function openProvider(): Promise<Provider> {
  const seen: { path: string; body: string }[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const path = (request.url ?? '').split('?')[0] as string;
      seen.push({ path, body });
      if (provider.answer !== null) provider.answer(path, body, response);
      else usual(path, body, response);
    });
    request.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const provider: Provider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answer: null,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return provider;
}

function usual(path: string, body: string, response: ServerResponse): void {
  const stream = (JSON.parse(body) as { stream?: boolean }).stream === true;
  if (!stream) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answers[path]));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of streams[path] ?? []) response.write(event);
  response.end();
}

const usage = { input_tokens: 3, output_tokens: 2 };
const text = `the answer is ${marker} indeed`;

const answers: Record<string, object> = {
  '/v1/chat/completions': {
    id: 'c1',
    object: 'chat.completion',
    created: 1,
    model: 'm-1',
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  },
  '/v1/responses': {
    id: 'r1',
    object: 'response',
    created_at: 1,
    status: 'completed',
    model: 'm-1',
    output: [
      {
        id: 'msg1',
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text, annotations: [] }],
      },
    ],
    usage: { ...usage, total_tokens: 5 },
  },
  '/v1/embeddings': {
    object: 'list',
    model: 'm-1',
    data: [{ object: 'embedding', index: 0, embedding: [0.25, -0.5], note: marker }],
    usage: { prompt_tokens: 3, total_tokens: 3 },
  },
  '/v1/messages': {
    id: 'a1',
    type: 'message',
    role: 'assistant',
    model: 'm-1',
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage,
  },
  '/v1/messages/count_tokens': { input_tokens: 3, note: marker },
};

const pieces = ['the answer', ' is MARK', `ERWORD`, ' indeed'];

function named(events: readonly { readonly type: string }[]): string[] {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

function chunk(delta: object, finish: string | null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  const common = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm-1' };
  return `data: ${JSON.stringify({ ...common, choices })}\n\n`;
}

const item = { id: 'msg1', type: 'message', role: 'assistant' };
const part = (value: string) => ({ type: 'output_text', text: value, annotations: [] });
const at = { item_id: 'msg1', output_index: 0, content_index: 0 };
const response = { id: 'r1', object: 'response', created_at: 1, model: 'm-1' };

/** What each path streams. */
export const streams: Record<string, readonly string[]> = {
  '/v1/chat/completions': [
    chunk({ role: 'assistant', content: '' }, null),
    ...pieces.map((content) => chunk({ content }, null)),
    chunk({}, 'stop'),
    'data: [DONE]\n\n',
  ],
  '/v1/responses': named(
    [
      { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
      { type: 'response.output_item.added', output_index: 0, item: { ...item, content: [] } },
      { type: 'response.content_part.added', ...at, part: part('') },
      ...pieces.map((delta) => ({ type: 'response.output_text.delta', ...at, delta })),
      { type: 'response.output_text.done', ...at, text },
      { type: 'response.content_part.done', ...at, part: part(text) },
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: { ...item, content: [part(text)] },
      },
      {
        type: 'response.completed',
        response: {
          ...response,
          status: 'completed',
          output: [{ ...item, content: [part(text)] }],
          usage: { ...usage, total_tokens: 5 },
        },
      },
    ].map((event, sequence_number) => ({ ...event, sequence_number })),
  ),
  '/v1/messages': named([
    {
      type: 'message_start',
      message: { ...(answers['/v1/messages'] as object), content: [], stop_reason: null },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...pieces.map((piece) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: piece },
    })),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage },
    { type: 'message_stop' },
  ] as { readonly type: string }[]),
};
