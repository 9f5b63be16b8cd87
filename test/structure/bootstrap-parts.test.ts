import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missingPackages } from '../../scripts/bootstrap/dependencies.mjs';
import { npmEnvironment } from '../../scripts/bootstrap/npm.mjs';
import { isSuitable } from '../../scripts/bootstrap/runtime.mjs';
import { ending, start, withCheckout } from './checkout.ts';
import { withTree } from './tree.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const linux = { os: 'linux', cpu: 'x64', libc: 'glibc' };

test('npm inherits how to reach the registry, and nothing that bends the installation', () => {
  const kept = {
    PATH: '/bin',
    npm_config_registry: 'https://registry.example.org/',
    npm_config_cache: '/cache',
    NPM_CONFIG_HTTPS_PROXY: 'http://proxy.example.org',
    'npm_config_//registry.example.org/:_authToken': 'secret',
    'npm_config_@example:registry': 'https://registry.example.org/',
  };
  const dropped = {
    NODE_ENV: 'production',
    INIT_CWD: '/elsewhere',
    npm_config_prefix: '/elsewhere',
    'npm_config_local-prefix': '/elsewhere',
    npm_config_global: 'true',
    npm_config_omit: 'dev',
    NPM_CONFIG_DRY_RUN: 'true',
    npm_config_ignore_scripts: 'false',
    npm_config_cpu: 'arm64',
    npm_package_name: 'outer',
  };
  assert.deepEqual(npmEnvironment({ ...kept, ...dropped }, '/spare'), kept);
});

test('the Node that runs the product strips types without a warning', () => {
  const suitable = ['24.12.0', '24.21.0', '26.0.0'];
  const old = ['20.20.2', '22.22.0', '24.11.1', '23.99.0'];
  assert.deepEqual([...suitable, ...old].filter(isSuitable), suitable);
});

test('a package that npm left out is missed only where it belongs', () =>
  withTree({ 'node_modules/there/package.json': '{}' }, (folder) => {
    const packages = {
      '': {},
      'node_modules/there': {},
      'node_modules/gone': {},
      'node_modules/linux': { os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
      'node_modules/musl': { os: ['linux'], cpu: ['x64'], libc: ['musl'] },
      'node_modules/mac': { os: ['darwin'] },
      'node_modules/not-linux': { os: ['!linux'] },
      'node_modules/arm': { cpu: ['arm64'] },
    };
    const missing = missingPackages(folder, packages, linux);
    assert.deepEqual(missing, ['node_modules/gone', 'node_modules/linux']);
  }));

test('the lockfiles name every optional package for every platform, with its digest', () => {
  for (const path of ['package-lock.json', 'scripts/runtime/package-lock.json']) {
    const { packages } = JSON.parse(readFileSync(join(root, path), 'utf8'));
    const names = Object.keys(packages).map((at) => at.replace(/^.*node_modules\//, ''));
    for (const [at, entry] of Object.entries<LockEntry>(packages)) {
      for (const name of Object.keys(entry.optionalDependencies ?? {})) {
        assert.ok(names.includes(name), `${path}: ${name}, which ${at} may use, is missing`);
      }
      if (at !== '') assert.match(entry.integrity ?? '', /^sha512-/, `${path}: ${at}`);
    }
  }
});

test('a signal stops the product on the Node that was here', { skip: noSignals() }, () =>
  withCheckout(async (folder) => {
    const child = start(folder, ['wait.ts']);
    const ended = ending(child);
    await readiness(child.stdout);
    child.kill('SIGTERM');
    const { code, out } = await ended;
    assert.match(out, /told to stop/);
    assert.equal(code, 3);
  }),
);

test('signals, exit codes and arguments pass to a Node of our own', { skip: noSignals() }, () =>
  withCheckout(async (folder) => {
    const there = `import { runThere } from './run.mjs';
const [file, ...args] = process.argv.slice(2);
runThere(process.execPath, file, args, process.env);\n`;
    writeFileSync(join(folder, 'scripts/bootstrap/there.mjs'), there);
    writeFileSync(join(folder, 'scripts/bootstrap.mjs'), `import './bootstrap/there.mjs';\n`);
    const told = await ending(start(folder, ['told.ts', 'a', 'b'], { TELL: '7' }));
    assert.equal(told.code, 7);
    assert.deepEqual(JSON.parse(told.out), { main: true, args: ['a', 'b'], there: [] });

    const child = start(folder, ['wait.ts']);
    const ended = ending(child);
    await readiness(child.stdout);
    child.kill('SIGTERM');
    const { code, out } = await ended;
    assert.match(out, /told to stop/);
    assert.equal(code, 3);

    writeFileSync(join(folder, 'die.ts'), "process.kill(process.pid, 'SIGKILL');\n");
    assert.equal((await ending(start(folder, ['die.ts']))).signal, 'SIGKILL');
  }),
);

interface LockEntry {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly integrity?: string;
}

async function readiness(stream: NodeJS.ReadableStream | null): Promise<void> {
  if (stream !== null) await once(stream, 'data');
}

function noSignals(): string | false {
  return process.platform === 'win32' ? 'Windows has no signals' : false;
}
