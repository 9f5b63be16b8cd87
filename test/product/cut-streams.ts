import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestDatabase } from '../database.ts';
import { openProvider } from '../gateway/provider.ts';
import { type Cluster, openCluster } from './cluster.ts';
import { agentKey, api, type Running } from './product.ts';

/** A stream that was cut: how long after the order its last byte came, and what that said. */
export interface Cut {
  readonly ms: number;
  readonly last: string;
}

interface Flowing {
  /** Resolves when the first text of the answer is here. */
  readonly flows: Promise<void>;
  readonly ended: Promise<{ readonly at: number; readonly last: string }>;
}

/**
 * Opens `perProcess` endless streams at each of `processes` gateways on one database, each of an
 * agent of its own, and disables these agents one after another at the first gateway's control plane.
 */
export async function cutStreams(
  processes: number,
  perProcess: number,
  database: TestDatabase,
): Promise<readonly Cut[]> {
  const provider = await openProvider();
  provider.answer = (_path, _body, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const piece = { index: 0, delta: { content: 'and on ' }, finish_reason: null };
    const chunk = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm-1' };
    const text = `data: ${JSON.stringify({ ...chunk, choices: [piece] })}\n\n`;
    const more = setInterval(() => response.write(text), 20);
    response.on('close', () => clearInterval(more));
  };
  const cluster = await clusterOn(processes, provider.url, database);
  try {
    return await cutAll(cluster, perProcess);
  } finally {
    await cluster.close();
    await provider.close();
  }
}

function clusterOn(processes: number, url: string, database: TestDatabase): Promise<Cluster> {
  const groups = ['general'];
  const model = { id: 'test-model@1', upstream: 'here', model: 'm-1', aliases: ['test'], groups };
  const upstreams = { here: { kind: 'openai', url, key: { env: 'TEST_UPSTREAM_KEY' } } };
  const env = { TEST_UPSTREAM_KEY: 'sk-test' };
  return openCluster(processes, database, { upstreams, models: [model] }, env);
}

async function cutAll({ running }: Cluster, perProcess: number): Promise<readonly Cut[]> {
  const [first] = running as [Running];
  const streams: { readonly name: string; readonly flowing: Flowing }[] = [];
  for (const [i, { gateway }] of running.entries()) {
    for (let k = 0; k < perProcess; k++) {
      const name = `stream-${i}-${k}`;
      streams.push({ name, flowing: stream(gateway, await agentKey(first, name)) });
    }
  }
  await Promise.all(streams.map(({ flowing }) => flowing.flows));
  const cuts: Cut[] = [];
  for (const { name, flowing } of streams) {
    const ordered = performance.now();
    await api(first, `/v1/agents/${name}/disable`, {});
    const { at, last } = await flowing.ended;
    cuts.push({ ms: at - ordered, last });
    await sleep(5);
  }
  return cuts;
}

function stream(gateway: string, key: string): Flowing {
  const flows = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<{ at: number; last: string }>();
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const url = `${gateway}/v1/chat/completions`;
  const sent = request(url, { method: 'POST', headers }, (answer) => {
    let last = '';
    answer.setEncoding('utf8');
    answer.on('data', (chunk: string) => {
      last = chunk;
      if (chunk.includes('and on')) flows.resolve();
    });
    answer.on('close', () => ended.resolve({ at: performance.now(), last }));
    answer.on('error', () => {});
  });
  sent.on('error', flows.reject);
  const messages = [{ role: 'user', content: 'go on' }];
  sent.end(JSON.stringify({ model: 'test', stream: true, messages }));
  return { flows: flows.promise, ended: ended.promise };
}
