import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { api, Product, type Running, root } from './product.ts';

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
const key = join(product.folder, 'agent.jwk');
let running: Running;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Told {
  readonly summary: { readonly agent: string; readonly outcome: string };
}

function gatehouse(...words: string[]): Promise<Ended> {
  const env = { ...process.env, GATEHOUSE_CONFIG: product.config, NO_COLOR: '1' };
  const main = [join(root, 'src/main.ts'), ...words];
  return new Promise((resolve) => {
    execFile(process.execPath, main, { env, cwd: product.folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

before(async () => {
  running = await product.start();
});
after(() => product.remove());

test('an agent with a key of its own calls through the product, and holds no credential (A2)', async (t) => {
  const owner = ['--owner', 'ana@example.org', '--purpose', 'a test'];
  assert.equal((await gatehouse('agent', 'create', 'runner', ...owner)).code, 0);
  const made = await gatehouse('agent', 'keygen', 'runner', '--out', key);
  assert.equal(made.code, 0, made.stderr);
  const { d } = JSON.parse(readFileSync(key, 'utf8')) as { d: string };
  const programs: (readonly [string, string])[] = [[process.execPath, 'program.ts']];
  if (existsSync('/usr/bin/python3')) programs.push(['/usr/bin/python3', 'program.py']);
  else t.diagnostic('without Python: there is no python3 here');
  for (const [command, file] of programs) {
    const words = [command, join(root, 'test/product/run', file), 'tour', 'tour'];
    const ran = await gatehouse('run', '--agent', 'runner', '--key', key, '--', ...words);
    assert.equal(ran.code, 0, ran.stderr);
    const { texts, traffic } = JSON.parse(ran.stdout) as {
      texts: readonly string[];
      traffic: readonly { readonly headers: readonly (readonly [string, string])[] }[];
    };
    const [first = ''] = texts;
    assert.deepEqual(texts, [first, first, first, first]);
    assert.match(first, /\w/);
    for (const secret of [d, running.token]) assert.ok(!ran.stdout.includes(secret));
    assert.doesNotMatch(unpadded(ran.stdout), /eyJ[A-Za-z0-9_-]{10}|dpop/i);
    for (const { headers } of traffic) {
      const trace = headers.find(([name]) => name.toLowerCase() === 'x-gatehouse-trace')?.[1];
      const { summary } = await api<Told>(running, `/v1/traces/${trace}`);
      assert.deepEqual([summary.agent, summary.outcome], ['runner', 'released']);
    }
  }
});

test('an agent that is stopped gets no further, and its program is told so (A2)', async () => {
  const script = `
    const call = () => fetch(process.env.OPENAI_BASE_URL + '/models').then((a) => a.status);
    console.log(await call());
    process.stdin.once('data', async () => { console.log(await call()); process.exit(); });`;
  const words = ['run', '--agent', 'runner', '--key', key, '--quiet', '--'];
  const node = [process.execPath, '--input-type=module', '-e', script];
  const env = { ...process.env, GATEHOUSE_CONFIG: product.config };
  const child = execFile(process.execPath, [join(root, 'src/main.ts'), ...words, ...node], { env });
  let out = '';
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.stdout?.on('data', async (chunk: string) => {
    out += chunk;
    if (out !== '200\n') return;
    await api(running, '/v1/agents/runner/disable', {});
    child.stdin?.end('go\n');
  });
  await ended;
  assert.match(out, /^200\n40[13]\n$/);
  const again = await gatehouse('run', '--agent', 'runner', '--key', key, '--', 'true');
  assert.equal(again.code, 2);
  assert.match(again.stderr, /gives agent `runner` no token/);
});

/** Without what pads streams: random letters may be any word. */
function unpadded(report: string): string {
  return report
    .replaceAll(/\\"obfuscation\\":\\"[\w-]*\\"/g, '')
    .replaceAll(/: [\w-]+\\n(?=data|event)/g, '');
}
