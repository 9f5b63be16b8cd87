import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { brokenFloors, told } from './floors/floor-check.ts';

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));

/** Everything that can be said about the source without running it. True if all is well. */
export async function check(): Promise<boolean> {
  const outcomes = await Promise.all([
    step('types', () => run('node_modules/typescript/bin/tsc', '-p', '.')),
    step('style', () =>
      run('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'),
    ),
    step('floors', async () => {
      const violations = await brokenFloors(root);
      return { ok: violations.length === 0, output: told(violations) };
    }),
  ]);
  return outcomes.every((ok) => ok);
}

async function step(name: string, work: () => Promise<Outcome>): Promise<boolean> {
  const began = performance.now();
  const { ok, output } = await work();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stdout.write(`check  ${name.padEnd(6)}  ${ok ? 'ok    ' : 'failed'}  ${seconds} s\n`);
  if (!ok) process.stdout.write(`${output.trimEnd().replace(/^(?=.)/gm, '  ')}\n`);
  return ok;
}

function run(script: string, ...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { cwd: root });
    let output = '';
    const keep = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

if (import.meta.main && !(await check())) process.exitCode = 1;
