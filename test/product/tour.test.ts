import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { agentKey, Product, type Running, root } from './product.ts';

const run = promisify(execFile);
const shipped = parse(readFileSync(join(root, 'gatehouse.yaml'), 'utf8'));
const product = new Product({
  upstreams: { scripted: { kind: 'scripted', script: join(root, 'tour/replies.yaml') } },
  models: shipped.models,
  policy: { folder: join(root, 'policies'), quotas: shipped.policy.quotas },
});
let running: Running;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as a person runs it, beside the running product. */
async function gatehouse(...words: string[]): Promise<Ended> {
  const env = { ...process.env, GATEHOUSE_CONFIG: product.config, NO_COLOR: '1' };
  return run(process.execPath, [join(root, 'src/main.ts'), ...words], { env, cwd: product.folder })
    .then(({ stdout, stderr }) => ({ code: 0, stdout, stderr }))
    .catch((error: { code: number; stdout: string; stderr: string }) => error);
}

before(async () => {
  running = await product.start();
});
after(() => product.remove());

test('the tour plays against the running product and sees what it tells (A1, A2, A4, D2, E5, I4, T6)', async () => {
  const { code, stdout, stderr } = await gatehouse('tour');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /\[masked:secret\.aws_access_key\]/);
  assert.match(stdout, /PermissionDeniedError/);
  assert.match(stdout, /accepted: \d+ checks hold/);
  assert.match(stdout, /rejected: /);
  assert.match(stdout, /refused +401 .*bound to a key/);
  assert.match(stdout, /tour-worker, .*acting for tour-planner/);
  assert.match(stdout, /invalid_scope/);
  assert.match(stdout, /429 over a limit/);
  assert.match(stdout, /from the order to the last byte: \d+ ms/);
});

test('an agent, its key, a call, its trace, its proof: from the command line (A4, E5)', async () => {
  const key = await agentKey(running, 'walker');
  const answer = await fetch(`${running.gateway}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'tour',
      messages: [{ role: 'user', content: 'Repeat this: hi' }],
    }),
  });
  assert.equal(answer.status, 200);
  const trace = answer.headers.get('x-gatehouse-trace') as string;
  const listed = await gatehouse('trace', 'list', '--json');
  assert.equal(listed.code, 0, listed.stderr);
  assert.ok(listed.stdout.includes(trace));
  const shown = await gatehouse('trace', 'show', trace);
  assert.match(shown.stdout, /walker/);
  const file = join(product.folder, 'proof.bundle.json');
  const exported = await gatehouse('export', '--trace', trace, '--out', file, '--bodies');
  assert.equal(exported.code, 0, exported.stderr);
  const good = await gatehouse('verify', file, '--json');
  assert.equal(good.code, 0, good.stderr + good.stdout);
  assert.equal(JSON.parse(good.stdout).ok, true);
  const bytes = readFileSync(file);
  const at = bytes.indexOf('walker');
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(join(product.folder, 'changed.bundle.json'), bytes);
  const bad = await gatehouse('verify', join(product.folder, 'changed.bundle.json'));
  assert.equal(bad.code, 3, bad.stdout);
});

test('a running log verifies, and a second product on its data is refused (A4, I2)', async () => {
  const verified = await gatehouse('verify', running.url);
  assert.equal(verified.code, 0, verified.stderr + verified.stdout);
  const folder = join(product.folder, 'log');
  assert.equal((await gatehouse('export', '--log', folder)).code, 0);
  const offline = await gatehouse('verify', folder);
  assert.equal(offline.code, 0, offline.stderr + offline.stdout);
  const second = await gatehouse('start');
  assert.equal(second.code === 0, false);
  assert.match(second.stderr, new RegExp(`${running.pid}|another|already`));
});

test('a broken configuration names path, value and mend, and nothing starts', async () => {
  const file = join(product.folder, 'broken.yaml');
  writeFileSync(file, 'gateway:\n  listen: nowhere\n');
  const { code, stderr } = await gatehouse('start', '--config', file);
  assert.equal(code, 1);
  assert.match(stderr, /`gateway\.listen` is `nowhere`: write HOST:PORT/);
});

test('plain HTTP off loopback is refused unless a proxy ends TLS (D4, A5)', async () => {
  const file = join(product.folder, 'open.yaml');
  cpSync(product.config, file);
  const config = JSON.parse(readFileSync(file, 'utf8'));
  config.data = join(product.folder, 'other');
  config.gateway.listen = '0.0.0.0:0';
  writeFileSync(file, JSON.stringify(config));
  const { code, stderr } = await gatehouse('start', '--config', file);
  assert.equal(code, 1);
  assert.match(stderr, /plain HTTP on `0\.0\.0\.0`/);
});
