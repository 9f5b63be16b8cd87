import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuOf, descendants } from './cpu.ts';

/** Something that answers `/v1/chat/completions`, and the processes that do its work. */
export interface Target {
  readonly name: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly model: string;
  /** CPU milliseconds used so far, by kind of process. */
  cpu(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

const root = resolve(import.meta.dirname, '..');

/** The stand-in for a hosted model. */
export async function startUpstream(): Promise<Target & { readonly port: number }> {
  const child = fork(join(root, 'bench/upstream.ts'), ['0'], { stdio: 'inherit' });
  const port = await new Promise<number>((settle) => {
    child.once('message', (message) => settle((message as { port: number }).port));
  });
  return {
    name: 'direct',
    url: `http://127.0.0.1:${port}`,
    port,
    headers: {},
    model: 'bench-model-1',
    cpu: () => ({ upstream: cpuOf(child.pid ?? 0) }),
    close: () => ended(child),
  };
}

/** A proxy that judges and records nothing: what the transport alone costs. */
export async function startBare(upstreamPort: number): Promise<Target> {
  const child = fork(join(root, 'bench/bare.ts'), [String(upstreamPort)], { stdio: 'inherit' });
  const port = await new Promise<number>((settle) => {
    child.once('message', (message) => settle((message as { port: number }).port));
  });
  return {
    name: 'bare',
    url: `http://127.0.0.1:${port}`,
    headers: {},
    model: 'bench-model-1',
    cpu: () => ({ product: cpuOf(child.pid ?? 0) }),
    close: () => ended(child),
  };
}

/** One quota of each measure, all of which apply to each call and none of which ends. */
const quotas = [
  { id: 'requests', of: 'agent', measure: 'requests', limit: 1e9, per: 'minute' },
  { id: 'tokens', of: 'owner', measure: 'tokens', limit: 1e15, per: 'day' },
  { id: 'money', of: 'tenant', measure: 'money', limit: 1e6, per: 'month' },
  { id: 'calls', of: 'model', measure: 'concurrency', limit: 1e6 },
];

/** The product as its users run it: every control on, the record durable; or with quotas as well. */
export async function startGatehouse(upstreamPort: number, withQuotas = false): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  const config = {
    data: join(folder, 'data'),
    gateway: { listen: '127.0.0.1:0' },
    control: { listen: '127.0.0.1:0' },
    upstreams: {
      bench: { kind: 'openai', url: `http://127.0.0.1:${upstreamPort}`, key: { env: 'BENCH_KEY' } },
    },
    models: [
      {
        id: 'bench-model@1',
        upstream: 'bench',
        model: 'bench-model-1',
        floating: true,
        groups: ['general'],
        price: { input: 1, output: 4 },
      },
    ],
    policy: { folder: join(root, 'policies'), quotas: withQuotas ? quotas : [] },
  };
  writeFileSync(join(folder, 'gatehouse.yaml'), JSON.stringify(config));
  const child = spawn(process.execPath, [join(root, 'src/main.ts'), 'start', '--no-tour'], {
    env: { ...process.env, BENCH_KEY: 'bench', GATEHOUSE_CONFIG: join(folder, 'gatehouse.yaml') },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const running = await controlFile(join(folder, 'data', 'control.json'), child);
  const key = await agentKey(running.url, running.token);
  const pid = child.pid ?? 0;
  return {
    name: withQuotas ? 'quotas' : 'gatehouse',
    url: running.gateway,
    headers: { authorization: `Bearer ${key}` },
    model: 'bench-model@1',
    cpu() {
      const below = descendants(pid).reduce((sum, one) => sum + cpuOf(one), 0);
      return { product: cpuOf(pid), postgres: below };
    },
    close: () => ended(child),
  };
}

async function controlFile(
  path: string,
  child: ChildProcess,
): Promise<{ readonly url: string; readonly token: string; readonly gateway: string }> {
  for (let waited = 0; waited < 60_000; waited += 100) {
    if (child.exitCode !== null) throw new Error('gatehouse ended; see above');
    try {
      return JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      await sleep(100);
    }
  }
  throw new Error('gatehouse was not ready within a minute');
}

async function agentKey(url: string, token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const post = async (path: string, body: object) => {
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json() as Promise<{ readonly secret: string }>;
  };
  await post('/v1/agents', { name: 'bench', owner: 'bench@example.org', purpose: 'bench' });
  return (await post('/v1/agents/bench/keys', {})).secret;
}

/** Portkey's gateway from npm, installed into a temporary folder, or null with the reason. */
export async function startPortkey(upstreamPort: number): Promise<Target | string> {
  const folder = join(tmpdir(), 'gatehouse-bench-portkey');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const version = '@portkey-ai/gateway@1.15.2';
  const install = spawn('npm', ['install', '--ignore-scripts', '--no-audit', version], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const code = await new Promise((settle) => install.once('close', settle));
  if (code !== 0) return `npm install ${version} ended with ${code}`;
  const port = 18_787;
  const server = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  const child = spawn(process.execPath, [server, `--port=${port}`, '--headless'], {
    cwd: folder,
    stdio: 'ignore',
    env: { ...process.env, TRUSTED_CUSTOM_HOSTS: '127.0.0.1' },
  });
  const target: Target = {
    name: 'portkey',
    url: `http://127.0.0.1:${port}`,
    headers: {
      authorization: 'Bearer bench',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
    },
    model: 'bench-model-1',
    cpu: () => ({ product: cpuOf(child.pid ?? 0) }),
    close: () => ended(child),
  };
  for (let waited = 0; waited < 15_000; waited += 200) {
    try {
      await fetch(target.url);
      return target;
    } catch {
      await sleep(200);
    }
  }
  await target.close();
  return 'it did not listen within 15 s';
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((settle) => {
    if (child.exitCode !== null) settle();
    child.once('close', () => settle());
    child.kill('SIGTERM');
  });
}
