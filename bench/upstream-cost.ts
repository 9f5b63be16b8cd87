// What a call through this room costs beside undici's own dispatch, in CPU of this process.
// Run: node bench/upstream-cost.ts
import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { systemClock } from '../src/kernel/index.ts';
import { openUpstreams, upstreamDefaults } from '../src/upstream/index.ts';

const calls = 12_000;
const atOnce = 16;
const rounds = 5;
const body = JSON.stringify({
  model: 'm',
  messages: [{ role: 'user', content: 'hello '.repeat(40) }],
});
const answer = JSON.stringify({ id: 'x', choices: [{ message: { content: 'a'.repeat(600) } }] });

function serve(): void {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(answer);
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

async function cpuPerCall(one: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  let left = calls;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

function plain(pool: Pool): Promise<Buffer> {
  const headers = ['content-type', 'application/json', 'accept-encoding', 'identity'];
  headers.push('user-agent', 'x', 'authorization', 'Bearer k', 'accept', 'application/json');
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const options = { path: '/v1/chat/completions', method: 'POST', headers, body };
    pool.dispatch(options, {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData: (_controller, chunk) => void chunks.push(chunk),
      onResponseEnd: () => resolve(Buffer.concat(chunks)),
      onResponseError: (_controller, error) => reject(error),
    });
  });
}

async function compare(port: number): Promise<void> {
  const url = `http://127.0.0.1:${port}`;
  const pool = new Pool(url, { connections: 256, allowH2: false });
  const upstreams = openUpstreams({
    definitions: [{ ...upstreamDefaults, name: 'a', kind: 'openai', url, apiKey: 'k' }],
    clock: systemClock,
    random: Math.random,
    log: () => {},
  });
  const candidates = [{ upstream: 'a', model: 'm' }];
  const path = '/v1/chat/completions';
  const through = async (): Promise<Buffer> => {
    const { signal } = new AbortController();
    const call = { candidates, path, body: () => body, stream: false, headers: {}, signal };
    return (await upstreams.send(call)).whole();
  };
  const signals = async (): Promise<unknown> => {
    new AbortController().signal;
    return plain(pool);
  };
  const found: [number, number][] = [];
  for (let round = 0; round < rounds; round++) {
    found.push([await cpuPerCall(signals), await cpuPerCall(through)]);
  }
  const median = (all: number[]): number => all.sort((a, b) => a - b)[rounds >> 1] as number;
  const bare = median(found.map(([one]) => one));
  const ours = median(found.map(([, one]) => one));
  const line = (name: string, us: number): string => `${name} ${us.toFixed(1)} us CPU a call\n`;
  process.stdout.write(line('undici dispatch', bare) + line('upstream room  ', ours));
  await Promise.all([pool.destroy(), upstreams.close()]);
}

if (process.argv[2] === 'serve') serve();
else {
  const child = fork(import.meta.filename, ['serve']);
  child.once('message', (port) => void compare(Number(port)).finally(() => child.kill()));
}
