import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { api, Product, type Running, root } from './product.ts';

const run = promisify(execFile);
const product = new Product({
  upstreams: { scripted: { kind: 'scripted', script: join(root, 'tour/replies.yaml') } },
  models: [
    {
      id: 'tour-model@1',
      upstream: 'scripted',
      model: 'tour-model-1',
      aliases: ['tour'],
      groups: ['general'],
    },
  ],
});
let running: Running;

before(async () => {
  running = await product.start();
});
after(() => product.remove());

test('the program that docs/agents.md shows takes a bound token and calls with it (A1)', async () => {
  const page = readFileSync(join(root, 'docs/agents.md'), 'utf8');
  const program = /^```js\n([\s\S]*?)^```/m.exec(page)?.[1] ?? '';
  const file = join(product.folder, 'call.mjs');
  writeFileSync(file, program);
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = join(product.folder, 'agent.jwk');
  writeFileSync(key, JSON.stringify(privateKey.export({ format: 'jwk' })));
  // Of risk 80: the policies that come along let it in with a bound token alone.
  const agent = { name: 'desk-bot', owner: 'ana@example.org', risk: 80 };
  await api(running, '/v1/agents', { ...agent, publicKey: publicKey.export({ format: 'jwk' }) });
  const env = { ...process.env, GATEWAY: running.gateway, AGENT: 'desk-bot', AGENT_KEY: key };
  const { stdout } = await run(process.execPath, [file], { env });
  assert.match(stdout, /^200 \{.*"model":"tour-model-1"/);
  const { traces } = await api<{ traces: { story: string; outcome: string }[] }>(
    running,
    '/v1/traces',
  );
  const [called, taken] = traces;
  assert.match(called?.story ?? '', /through openai\.chat with a bound token; the answer was/);
  const told =
    'desk-bot, owned by ana@example.org, took a token (client_credentials, bound, scopes call_model:general)';
  assert.equal(taken?.story, told);
  await api(running, '/v1/agents/desk-bot/disable', {});
  await assert.rejects(run(process.execPath, [file], { env }), /disabled/);
});
