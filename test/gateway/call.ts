import { request } from 'node:http';

/** An answer as it came over the wire. `cut`: the connection ended before the answer did. */
export interface Wire {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly cut: boolean;
}

/** A plain HTTP call, so that nothing is retried, followed or hidden. */
export function call(
  url: string,
  path: string,
  body: string | Buffer | null,
  headers: Record<string, string> = {},
): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const sent = request(url + path, {
      method: body === null ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer test', ...headers },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => {});
      response.on('close', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
          cut: !response.complete,
        });
      });
    });
    sent.end(body ?? undefined);
  });
}

/** A usual request of each endpoint, and whether it can stream. */
export const requests: Record<string, { readonly body: object; readonly streams: boolean }> = {
  '/v1/chat/completions': {
    body: { model: 'test', messages: [{ role: 'user', content: 'hello there' }] },
    streams: true,
  },
  '/v1/responses': { body: { model: 'test', input: 'hello there' }, streams: true },
  '/v1/embeddings': { body: { model: 'test', input: ['hello there'] }, streams: false },
  '/v1/messages': {
    body: { model: 'test-a', max_tokens: 9, messages: [{ role: 'user', content: 'hello there' }] },
    streams: true,
  },
  '/v1/messages/count_tokens': {
    body: { model: 'test-a', messages: [{ role: 'user', content: 'hello there' }] },
    streams: false,
  },
};
