import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { check } from './check.ts';

// npm test                          the check, then every test
// npm test -- src/kernel            tests under a path, or whose path holds the words
// npm test -- --test-only src/guard  options go to Node's test runner

const root = fileURLToPath(new URL('..', import.meta.url));

/** Test files to run for the words given: all of them for none. */
export function testFiles(words: readonly string[], all: readonly string[]): readonly string[] {
  if (words.length === 0) return all;
  const wanted = words.map((word) => word.replaceAll('\\', '/').replace(/^\.\//, ''));
  return all.filter((file) => wanted.some((word) => file.includes(word)));
}

async function main(args: readonly string[]): Promise<void> {
  const words = args.filter((arg) => !arg.startsWith('-'));
  const options = args.filter((arg) => arg.startsWith('-'));
  const all = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: root }).sort();
  const files = testFiles(words, all);
  if (files.length === 0) {
    process.stderr.write(`no test file matches ${words.map((word) => `\`${word}\``).join(', ')}\n`);
    process.exitCode = 1;
    return;
  }
  // Named tests run at once, while the rest of the tree may be in pieces.
  if (words.length === 0 && !(await check())) {
    process.stdout.write('the check failed, so no test was run\n');
    process.exitCode = 1;
    return;
  }
  run(options, files);
}

function run(options: readonly string[], files: readonly string[]): void {
  const setup = 'test/global-setup.ts';
  const args = [
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${Math.max(2, availableParallelism())}`,
    '--test-timeout=300000',
    ...(existsSync(`${root}/${setup}`) ? [`--test-global-setup=${setup}`] : []),
    ...options,
    ...files,
  ];
  // A run inside a test of this very script would report to the outer runner instead of printing.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('close', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
  });
}

if (import.meta.main) await main(process.argv.slice(2));
