import { createServer } from 'node:http';
import { Agent } from 'undici';

/**
 * The least that a proxy can do: node:http in, undici out, the body read, parsed and written again,
 * nothing judged and nothing recorded. `node bench/bare.ts UPSTREAM_PORT`. What Gatehouse costs
 * above it is what judging and recording cost.
 */
const origin = `http://127.0.0.1:${process.argv[2]}`;
const agent = new Agent({ connections: 256 });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = JSON.stringify(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    const headers = { 'content-type': 'application/json' };
    agent.dispatch(
      { origin, path: request.url ?? '/', method: 'POST', headers, body },
      {
        onRequestStart() {},
        onResponseStart(_, status, fields) {
          response.writeHead(status, { 'content-type': String(fields['content-type']) });
        },
        onResponseData(_, chunk) {
          response.write(chunk);
        },
        onResponseEnd() {
          response.end();
        },
        onResponseError() {
          response.destroy();
        },
      },
    );
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 });
});
