import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { homedir, constants as osConstants } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { SetupError } from './setup-error.mjs';

// What an installation may take from the environment: how to reach the registry, and nothing that
// changes what is installed or where (prefix, global, omit, dry-run, ...).
const kept =
  /^npm_config_(registry|cache|userconfig|globalconfig|proxy|http_proxy|https_proxy|noproxy|ca|cafile|cert|key|strict_ssl|offline|prefer_offline|fetch_\w+|maxsockets|\/\/.*|@.*:registry)$/;

const always = [
  '--ignore-scripts',
  '--include=dev',
  '--include=optional',
  '--include=peer',
  '--no-global',
  '--no-dry-run',
  '--no-force',
  '--bin-links',
  '--package-lock',
  '--no-package-lock-only',
  '--install-strategy=hoisted',
  '--no-engine-strict',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  '--loglevel=error',
];

/**
 * Runs `npm ci` in a folder, on the given Node, shielded from inherited settings.
 *
 * @param {string} folder holds package.json and package-lock.json
 * @param {string} node
 * @param {string} spare a cache folder for a user without a home
 */
export async function npmCi(folder, node, spare) {
  const env = npmEnvironment(process.env, spare);
  const npm = findNpm(process.env, process.execPath);
  const { code, output } = await run(
    node,
    [npm, 'ci', ...always, `--prefix=${folder}`],
    folder,
    env,
  );
  if (code !== 0) throw failure(output);
}

/**
 * The environment for npm: without the settings of an outer npm, and without NODE_ENV.
 *
 * @param {NodeJS.ProcessEnv} outer
 * @param {string} spare
 * @returns {NodeJS.ProcessEnv}
 */
export function npmEnvironment(outer, spare) {
  /** @type {NodeJS.ProcessEnv} */
  const env = {};
  for (const [key, value] of Object.entries(outer)) {
    const name = key.toLowerCase();
    if (name === 'node_env' || name === 'init_cwd') continue;
    if (!name.startsWith('npm_') || kept.test(name.replaceAll('-', '_'))) env[key] = value;
  }
  const named = Object.keys(env).some((key) => key.toLowerCase() === 'npm_config_cache');
  if (!named && !isWritable(homedir())) env['npm_config_cache'] = spare;
  return env;
}

/**
 * The npm of this machine, as a script that any Node can run.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {string} execPath
 */
export function findNpm(env, execPath) {
  const outer = env['npm_execpath'];
  const near = dirname(realpathSync(execPath));
  const found = [
    // `npx` sets npm_execpath as well, to its own script in the same folder.
    outer?.match(/np[mx]-cli\.js$/) ? join(dirname(outer), 'npm-cli.js') : undefined,
    join(near, '../lib/node_modules/npm/bin/npm-cli.js'),
    join(near, 'node_modules/npm/bin/npm-cli.js'),
    ...(env['PATH'] ?? '').split(delimiter).map((folder) => cliBehind(join(folder, 'npm'))),
    '/usr/share/nodejs/npm/bin/npm-cli.js',
  ].find((path) => path !== undefined && existsSync(path));
  if (found !== undefined) return found;
  throw new SetupError('npm was not found beside Node or on PATH; install npm and try again');
}

/** @param {string} path */
function cliBehind(path) {
  if (!existsSync(path)) return undefined;
  const real = realpathSync(path);
  if (basename(real) === 'npm-cli.js') return real;
  return join(dirname(real), 'node_modules/npm/bin/npm-cli.js');
}

/**
 * @param {string} node @param {string[]} args @param {string} cwd @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ code: number, output: string }>}
 */
function run(node, args, cwd, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    /** @type {NodeJS.Signals | undefined} */
    let stopped;
    const stop = (/** @type {NodeJS.Signals} */ signal) => {
      stopped = signal;
      child.kill(signal);
    };
    const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
    for (const signal of signals) process.on(signal, stop);
    child.on('error', reject);
    child.on('close', (code) => {
      for (const signal of signals) process.off(signal, stop);
      if (stopped !== undefined) process.exit(128 + osConstants.signals[stopped]);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** @type {readonly (readonly [RegExp, string])[]} */
const reasons = [
  [
    /EINTEGRITY/,
    'a package is not the one that the lockfile names; check which registry serves it',
  ],
  [/ENOSPC/, 'the disk is full; free about 1 GB and try again'],
  [/EACCES|EPERM|EROFS/, 'a folder cannot be written; run this as the owner of the checkout'],
  [/EUSAGE/, '`package.json` and `package-lock.json` disagree; run `npm install` and try again'],
  [/E40[1347]\b/, 'the registry refused a package; check `npm config get registry` and its token'],
  [
    /ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET|CERT|network/i,
    unreachable('the packages were not fetched'),
  ],
];

/** @param {string} output */
function failure(output) {
  const why = reasons.find(([pattern]) => pattern.test(output))?.[1] ?? '`npm ci` failed';
  return new SetupError(why, output.trim().split('\n').slice(-12).join('\n'));
}

/**
 * What to say when the registry did not deliver.
 *
 * @param {string} what
 */
export function unreachable(what) {
  return (
    `${what}: the npm registry cannot be reached; check the network, ` +
    'or set npm_config_registry or https_proxy, and try again'
  );
}

/** @param {string} folder */
function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
