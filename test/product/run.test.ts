import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { newSigningKey, writeSigningKey } from '../../src/surface/sidecar/agent-key.ts';
import { run } from '../control/shell.ts';
import { openProvider, type Provider } from '../gateway/provider.ts';
import { root } from './product.ts';
import { StandIn } from './run/stand-in.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-run-'));
const file = join(folder, 'agent.jwk');
const key = newSigningKey();
const said = 'the answer is MARKERWORD indeed';
const node = process.execPath;
const mainFile = join(root, 'src/main.ts');
const programs = join(root, 'test/product/run');
let provider: Provider;
let gateway: StandIn;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Report {
  readonly texts: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly initial: string;
  readonly traffic: readonly { readonly status: number; readonly body: string }[];
  readonly open: readonly { readonly file: string }[];
  readonly parent?: string;
  readonly key?: string;
  readonly user?: number;
}

before(async () => {
  chmodSync(folder, 0o755);
  writeSigningKey(file, key);
  provider = await openProvider();
  gateway = await new StandIn({
    agent: 'support-bot',
    jwk: key.jwk,
    answer: (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', async () => {
        const method = request.method ?? 'POST';
        const answer = await fetch(provider.url + request.url, {
          method,
          body: Buffer.concat(chunks),
        });
        response.writeHead(answer.status, {
          'content-type': answer.headers.get('content-type') ?? '',
          'x-gatehouse-trace': 'trace-1',
        });
        for await (const piece of answer.body ?? []) response.write(piece);
        response.end();
      });
    },
  }).open();
});
after(async () => {
  await gateway.close();
  await provider.close();
  rmSync(folder, { recursive: true });
});

const env = () => ({
  ...process.env,
  GATEHOUSE_TOKEN: 'setup-token-s3cret',
  OPENAI_API_KEY: 'sk-s3cret',
  ANTHROPIC_AUTH_TOKEN: 's3cret',
  ANTHROPIC_API_KEY: 's3cret',
  NO_COLOR: '1',
});

/** The command line as a person runs it. */
function gatehouse(words: readonly string[]): Promise<Ran> {
  const main = [mainFile, ...words];
  return new Promise((resolve) => {
    execFile(node, main, { env: env(), cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

const asAgent = (...words: string[]) => {
  const options = ['--agent', 'support-bot', '--key', file, '--gateway', gateway.url];
  return ['run', ...options, ...words];
};

/** INVARIANT of every run: nothing that opens anything is in what a program saw. */
function holdsNothing(report: string): void {
  const { d } = JSON.parse(readFileSync(file, 'utf8')) as { d: string };
  const secrets = [d, 's3cret', ...gateway.tokens, ...gateway.seen.map(proofOf)];
  for (const secret of secrets) {
    assert.ok(secret.length > 5 && !report.includes(secret), 'a credential was seen');
    assert.ok(!report.includes(secret.slice(0, 40)), 'a piece of a credential was seen');
  }
  // Nor any other JWT, such as the assertion.
  assert.doesNotMatch(report, /eyJ[A-Za-z0-9_-]{10}/);
  assert.doesNotMatch(report, /"d":"|dpop/i);
}

function proofOf({ headers }: StandIn['seen'][number]): string {
  return String(headers['dpop']);
}

function worksUnchanged(stdout: string): Report {
  const report = JSON.parse(stdout) as Report;
  assert.deepEqual(report.texts, [said, said, said, said]);
  assert.equal(report.traffic.length, 4);
  assert.equal(report.environment['OPENAI_API_KEY'], 'gatehouse-placeholder');
  assert.equal(report.environment['ANTHROPIC_API_KEY'], 'gatehouse-placeholder');
  return report;
}

function pythonOr(t: TestContext, places = ['/usr/bin/python3', '/usr/local/bin/python3']) {
  const found = places.find((place) => existsSync(place));
  if (found === undefined) t.skip('no python3 on this machine');
  return found;
}

describe('a program under `gatehouse run`', () => {
  test('in Node, with the official clients: works unchanged and never sees a credential (A2)', async () => {
    const { code, stdout, stderr } = await gatehouse(
      asAgent('--', node, join(programs, 'program.ts'), 'm', 'm'),
    );
    assert.equal(code, 0, stderr);
    const { environment, initial } = worksUnchanged(stdout);
    holdsNothing(stdout);
    assert.match(environment['OPENAI_BASE_URL'] ?? '', /^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    if (process.platform === 'linux') assert.ok(initial.includes('gatehouse-placeholder'));
    assert.equal(
      stderr,
      `gatehouse: agent \`support-bot\` calls \`${gateway.url}\` by way of ${environment['ANTHROPIC_BASE_URL']}\n`,
    );
    assert.deepEqual(gateway.refused, []);
  });

  test('in Python, with its standard library: the same (A2)', async (t) => {
    const python = pythonOr(t);
    if (python === undefined) return;
    const words = asAgent('--quiet', '--', python, join(programs, 'program.py'), 'm', 'm');
    const { code, stdout, stderr } = await gatehouse(words);
    assert.deepEqual([code, stderr], [0, '']);
    worksUnchanged(stdout);
    holdsNothing(stdout);
  });

  test('as another user: it can read neither the key nor what started it (A2)', async (t) => {
    const python = pythonOr(t);
    if (python === undefined) return;
    if (process.getuid?.() !== 0) return t.skip('only root can run it as another user');
    const script = join(folder, 'program.py');
    copyFileSync(join(programs, 'program.py'), script);
    const words = [python, script, 'm', 'm', file];
    const { code, stdout, stderr } = await gatehouse(asAgent('--user', '65534', '--', ...words));
    assert.equal(code, 0, stderr);
    const { user, key: read, parent } = worksUnchanged(stdout);
    assert.deepEqual([user, read, parent], [65534, 'Permission denied', 'Permission denied']);
    holdsNothing(stdout);
  });

  test('of one user: the sidecar lets no other in (A2)', async (t) => {
    if (process.platform !== 'linux') return t.skip('only Linux says whose a socket is');
    if (process.getuid?.() !== 0) return t.skip('only root can call as another user');
    const call = `${callOf('process.env.OPENAI_BASE_URL')}.then((r) => console.log(r.status))`;
    const other = `
      const { spawnSync } = require('node:child_process');
      const script = 'import os,urllib.request\\nos.setuid(65534)\\ntry:\\n r=urllib.request.urlopen(os.environ["OPENAI_BASE_URL"]+"/models");print(r.status)\\nexcept Exception as e: print("refused", type(e).__name__)';
      const ran = spawnSync('/usr/bin/python3', ['-c', script]);
      console.log(String(ran.stdout) + String(ran.stderr));
      ${call};`;
    if (pythonOr(t) === undefined) return;
    const before = gateway.seen.length;
    const { code, stdout, stderr } = await gatehouse(asAgent('--quiet', '--', node, '-e', other));
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^refused (RemoteDisconnected|ConnectionResetError|URLError)\n\n200\n$/);
    assert.equal(gateway.seen.length, before + 1);
  });
});

describe('the end of a program under `gatehouse run`', () => {
  const here = (program: string) => {
    const line = asAgent('--quiet', '--', program).join(' ');
    return run(null, line, { env: { PATH: process.env['PATH'] ?? '' } });
  };

  test('its exit code is passed on, also of one that a signal ended', async () => {
    assert.deepEqual(await here(`${node} -e process.exit(7)`), { code: 7, out: '', err: '' });
    const killed = await here(`${node} -e process.kill(process.pid,'SIGKILL')`);
    assert.equal(killed.code, 128 + constants.signals.SIGKILL);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} reaches it, and it may end in its own time`, async () => {
      const script =
        `process.on('${signal}', () => { console.log('heard'); process.exit(3); });` +
        `setInterval(() => {}, 1000); console.log('ready');`;
      const words = [mainFile, ...asAgent('--quiet', '--', node, '-e', script)];
      const child = spawn(node, words, { env: env(), stdio: ['ignore', 'pipe', 'pipe'] });
      let out = '';
      child.stdout.on('data', (chunk) => {
        out += chunk;
        if (out === 'ready\n') child.kill(signal);
      });
      const [code] = await once(child, 'close');
      assert.deepEqual([out, code], ['ready\nheard\n', 3]);
    });
  }

  test('a command that is not there: 127, and what to do', async () => {
    const { code, stderr } = await gatehouse(asAgent('--quiet', '--', 'no-such-command'));
    assert.equal(code, 127);
    assert.match(
      stderr,
      /^error: command `no-such-command` is not found; check its name and PATH\n$/,
    );
  });

  test('arguments reach it as they are, through no shell', async () => {
    const script = 'console.log(JSON.stringify(process.argv.slice(1)))';
    const odd = ['a b', '$HOME', '*', '--agent', '--', ';id', ''];
    const { stdout } = await gatehouse(asAgent('--quiet', '--', node, '-e', script, '--', ...odd));
    assert.deepEqual(JSON.parse(stdout), odd);
  });
});

describe('what `gatehouse run` refuses', () => {
  const refusals: readonly (readonly [string, () => readonly string[], number, RegExp])[] = [
    [
      'a program without `--` before it',
      () => ['run', '--agent', 'support-bot', 'node', 'x.js'],
      1,
      /put `--` before the program/,
    ],
    [
      'a gateway in the clear off loopback',
      () => ['run', '--agent', 'a', '--key', file, '--gateway', 'http://10.0.0.1:1', '--', 'x'],
      1,
      /would send tokens in the clear; use https/,
    ],
    [
      'a gateway that is away',
      () => ['run', '--agent', 'a', '--key', file, '--gateway', 'http://127.0.0.1:1', '--', 'x'],
      2,
      /cannot reach the gateway/,
    ],
    [
      'a gateway that goes by another address',
      () => {
        const other = gateway.url.replace('127.0.0.1', 'localhost');
        return ['run', '--agent', 'support-bot', '--key', file, '--gateway', other, '--', 'x'];
      },
      2,
      /goes by `http:\/\/127\.0\.0\.1:\d+`; pass --gateway http/,
    ],
    [
      'an agent whose key it is not',
      () => ['run', '--agent', 'other', '--key', file, '--gateway', gateway.url, '--', 'x'],
      2,
      /gives agent `other` no token/,
    ],
    [
      'an agent without a key',
      () => ['run', '--agent', 'nobody-at-all', '--', 'x'],
      1,
      /no key at `.*nobody-at-all\.jwk` \(ENOENT\); make it with `gatehouse agent keygen nobody-at-all`/,
    ],
    [
      'no gateway anywhere',
      () => ['run', '--agent', 'support-bot', '--key', file, '--', 'x'],
      2,
      /no gateway runs on this machine's data; start it with `gatehouse start`/,
    ],
  ];
  for (const [what, words, wanted, message] of refusals) {
    test(`${what} (A2)`, async () => {
      const { code, out, err } = await run(null, words().join(' '), { env: { HOME: folder } });
      assert.deepEqual([code, out], [wanted, ''], err);
      assert.match(err, message);
      holdsNothing(err);
    });
  }
});

function callOf(base: string): string {
  const body = `JSON.stringify({ model: 'm', messages: [] })`;
  return `fetch(${base} + '/chat/completions', { method: 'POST', body: ${body} })`;
}
