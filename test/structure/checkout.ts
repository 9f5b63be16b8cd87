import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Files, withTree } from './tree.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** The smallest checkout that the bootstrap can set up without a registry. */
const files: Files = {
  'package.json': JSON.stringify({
    name: 'tiny',
    type: 'module',
    devDependencies: { 'for-development': 'file:packages/for-development' },
    optionalDependencies: { 'if-possible': 'file:packages/if-possible' },
  }),
  'package-lock.json': JSON.stringify({
    name: 'tiny',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': {
        name: 'tiny',
        devDependencies: { 'for-development': 'file:packages/for-development' },
        optionalDependencies: { 'if-possible': 'file:packages/if-possible' },
      },
      'node_modules/for-development': { resolved: 'packages/for-development', link: true },
      'node_modules/if-possible': { resolved: 'packages/if-possible', link: true },
      'packages/for-development': { version: '1.0.0', dev: true },
      'packages/if-possible': { version: '1.0.0', optional: true },
    },
  }),
  'packages/for-development/package.json': '{ "name": "for-development", "version": "1.0.0" }',
  'packages/if-possible/package.json': '{ "name": "if-possible", "version": "1.0.0" }',
  'told.ts': `import { existsSync } from 'node:fs';
const there = ['for-development', 'if-possible'].filter((name) => existsSync('node_modules/' + name));
console.log(JSON.stringify({ main: import.meta.main, args: process.argv.slice(2), there } as object));
process.exitCode = Number(process.env['TELL'] ?? 0);
`,
  'wait.ts': `process.on('SIGTERM', () => { console.log('told to stop'); process.exit(3); });
setInterval(() => {}, 1000);
console.log('ready');
`,
};

/** Does some work in a fresh checkout that has the bootstrap and nothing set up. */
export async function withCheckout<T>(work: (folder: string) => Promise<T>): Promise<T> {
  return await withTree(files, (folder) => {
    cpSync(join(root, 'scripts/bootstrap'), join(folder, 'scripts/bootstrap'), { recursive: true });
    cpSync(join(root, 'scripts/runtime'), join(folder, 'scripts/runtime'), { recursive: true });
    cpSync(join(root, 'scripts/bootstrap.mjs'), join(folder, 'scripts/bootstrap.mjs'));
    return work(folder);
  });
}

/** Starts a file of a checkout by its bootstrap. Names of the environment that are null are unset. */
export function start(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  flags: readonly string[] = [],
): ChildProcess {
  return spawn(process.execPath, [...flags, 'scripts/bootstrap.mjs', ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Waits for the end of a process and all that it says. */
export function ending(child: ChildProcess): Promise<Ending> {
  const said = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    said.out += chunk;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    said.err += chunk;
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...said }));
  });
}

/** Node's flags that make a process believe that it runs on another version of Node. */
export function pretending(folder: string, version: string): readonly string[] {
  const path = join(folder, 'pretend.mjs');
  const versions = `{ value: { ...process.versions, node: '${version}' } }`;
  writeFileSync(
    path,
    `Object.defineProperty(process, 'versions', ${versions});
Object.defineProperty(process, 'version', { value: 'v${version}' });\n`,
  );
  return ['--import', path];
}
