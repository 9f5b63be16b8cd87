import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { call, requests } from '../gateway/call.ts';
import { openProvider } from '../gateway/provider.ts';
import { agentKey, api, Product, type Running, root } from './product.ts';

// 20 in the long form: GATEHOUSE_TEST_CRASHES=20 npm test -- test/product/crash.test.ts
const crashes = Number(process.env.GATEHOUSE_TEST_CRASHES ?? 3);
const run = promisify(execFile);

interface Told {
  readonly summary: { readonly outcome: string };
  readonly entries: readonly { readonly entry: { readonly stages?: readonly string[] } }[];
}

test(`kill -9 in the middle of load, ${crashes} times: what a client received is on the record (A4)`, async (t) => {
  const provider = await openProvider();
  const product = new Product({
    upstreams: { here: { kind: 'openai', url: provider.url, key: { env: 'TEST_UPSTREAM_KEY' } } },
    models: [
      {
        id: 'test-model@1',
        upstream: 'here',
        model: 'm-1',
        aliases: ['test'],
        groups: ['general'],
      },
    ],
  });
  const env = { TEST_UPSTREAM_KEY: 'sk-test' };
  try {
    let running = await product.start(env);
    const key = await agentKey(running, 'crash-bot');
    let received = 0;
    for (let crash = 0; crash < crashes; crash++) {
      const traces = await underLoad(running, key, 300 + 150 * (crash % 4), () => product.kill());
      running = await product.start(env);
      for (const trace of traces) {
        const told = await api<Told>(running, `/v1/traces/${trace}`);
        const stages = told.entries.flatMap(({ entry }) => entry.stages ?? []);
        assert.deepEqual(stages, ['enter', 'input', 'model', 'output'], trace);
      }
      received += traces.length;
      const verified = await run(
        process.execPath,
        [join(root, 'src/main.ts'), 'verify', running.url, '--token', running.token],
        { env: process.env },
      );
      assert.match(verified.stdout, /verified|ok/i);
    }
    t.diagnostic(`${received} answers received over ${crashes} crashes, all on the record`);
    assert.ok(received > 20 * crashes, `only ${received} answers: the load did not run`);
    await product.stop();
  } finally {
    await product.remove();
    await provider.close();
  }
});

/** Calls on 16 connections until the kill; the traces of the answers that came whole. */
async function underLoad(
  running: Running,
  key: string,
  ms: number,
  kill: () => Promise<void>,
): Promise<readonly string[]> {
  const traces: string[] = [];
  let over = false;
  const path = '/v1/chat/completions';
  const { body } = requests[path] as { body: object };
  const worker = async (stream: boolean) => {
    const sent = JSON.stringify({ ...body, stream });
    while (!over) {
      try {
        const answer = await call(running.gateway, path, sent, { authorization: `Bearer ${key}` });
        const whole = stream ? answer.body.includes('data: [DONE]') : !answer.cut;
        assert.equal(answer.status, 200, answer.body);
        if (whole) traces.push(String(answer.headers['x-gatehouse-trace']));
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        await sleep(10);
      }
    }
  };
  const workers = Array.from({ length: 16 }, (_, i) => worker(i % 4 === 0));
  await sleep(ms);
  await kill();
  over = true;
  await Promise.all(workers);
  return traces;
}
