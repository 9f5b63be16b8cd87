import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

export interface Served {
  readonly status: number;
  readonly type: 'text/event-stream' | 'application/json';
  readonly body: string;
}

/** The real clients, pointed at a server that gives one answer to every call, a byte at a time. */
export async function withClients<T>(
  { status, type, body }: Served,
  use: (clients: { readonly openai: OpenAI; readonly anthropic: Anthropic }) => Promise<T>,
): Promise<T> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': type });
    const bytes = Buffer.from(body);
    for (let at = 0; at < bytes.length; at += 7) response.write(bytes.subarray(at, at + 7));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const common = { apiKey: 'key', maxRetries: 0, timeout: 5000 };
  try {
    return await use({
      openai: new OpenAI({ ...common, baseURL: `${url}/v1` }),
      anthropic: new Anthropic({ ...common, baseURL: url }),
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
