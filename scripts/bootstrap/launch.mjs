import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { areInstalled, install } from './dependencies.mjs';
import { withLock } from './lock.mjs';
import { runHere, runThere, withCompileCache } from './run.mjs';
import { bringRuntime, presentRuntime } from './runtime.mjs';
import { SetupError } from './setup-error.mjs';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));

/**
 * Sets up what is missing, then runs a file of the checkout with the arguments, as if Node had been
 * called with it: same terminal, same signals, same exit code.
 *
 * @param {string | undefined} target relative to the root of the checkout
 * @param {string[]} args
 */
export async function launch(target, args) {
  try {
    if (target === undefined) throw new SetupError('name the file to run');
    const runtime = present(root) ?? (await setUp(root, say));
    const file = resolve(root, target);
    const env = withCompileCache(join(root, '.gatehouse/compile-cache'));
    if (runtime.here) runHere(file, args, env);
    else runThere(runtime.node, file, args, env);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    if (error.detail !== '') process.stderr.write(`${error.detail.replace(/^/gm, '  ')}\n`);
    process.exitCode = 1;
  }
}

/**
 * Brings Node and the dependencies, one process at a time.
 *
 * @param {string} root
 * @param {(line: string) => void} say
 */
export async function setUp(root, say) {
  const state = join(root, '.gatehouse');
  try {
    mkdirSync(state, { recursive: true });
    return await withLock(
      join(state, 'set-up.lock'),
      (owner) => say(`waiting for another set-up to finish (process ${owner})`),
      async () => {
        if (presentRuntime(root) === undefined) await bringRuntime(root, say);
        const runtime = presentRuntime(root);
        if (runtime === undefined) throw new SetupError('the pinned Node did not stay in place');
        if (!areInstalled(root, runtime.abi)) await install(root, runtime, say);
        return runtime;
      },
    );
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EACCES' && code !== 'EROFS' && code !== 'EPERM') throw error;
    throw new SetupError(
      `this user cannot write to \`${root}\`; run \`npm test\` once as its owner, or use a clone of your own`,
      error instanceof Error ? error.message : '',
    );
  }
}

/** @param {string} root */
function present(root) {
  const runtime = presentRuntime(root);
  return runtime !== undefined && areInstalled(root, runtime.abi) ? runtime : undefined;
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`gatehouse: ${line}\n`);
}
