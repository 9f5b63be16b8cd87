import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmCi, unreachable } from './npm.mjs';
import { SetupError } from './setup-error.mjs';

const stampVersion = 1;

/**
 * True if the dependencies are those of the lockfile, for this platform and Node. Also where there
 * is no lockfile: there the package was installed by a package manager.
 *
 * @param {string} root
 * @param {string} abi
 */
export function areInstalled(root, abi) {
  const wanted = stampFor(root, abi);
  return wanted === undefined || read(stampPath(root)) === wanted;
}

/**
 * Installs what the lockfile names and nothing else.
 *
 * INVARIANT: the stamp is removed first and written last, so a half-made install has none.
 *
 * @param {string} root
 * @param {{ node: string, abi: string }} runtime
 * @param {(line: string) => void} say
 */
export async function install(root, runtime, say) {
  const began = Date.now();
  say('installing dependencies; the first time takes about half a minute');
  rmSync(stampPath(root), { force: true });
  await npmCi(root, runtime.node, join(root, '.gatehouse/npm-cache'));
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const missing = missingPackages(root, lock.packages, machine());
  if (missing.length > 0) {
    const list = missing.map((path) => path.replace(/^.*node_modules\//, '')).join(', ');
    throw new SetupError(unreachable(`npm left out \`${list}\``));
  }
  const stamp = stampFor(root, runtime.abi);
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  if (stamp !== undefined) writeFileSync(stampPath(root), stamp);
  say(`dependencies are in place (${((Date.now() - began) / 1000).toFixed(1)} s)`);
}

/**
 * Where the packages are that this machine should have and has not: npm passes over an optional
 * package in silence when it cannot be fetched.
 *
 * @param {string} root
 * @param {Record<string, { os?: string[], cpu?: string[], libc?: string[], link?: boolean }>} packages
 * @param {{ os: string, cpu: string, libc: string }} on
 */
export function missingPackages(root, packages, on) {
  return Object.entries(packages)
    .filter(([path, { os, cpu, libc }]) => {
      if (path === '') return false;
      return isFor(os, on.os) && isFor(cpu, on.cpu) && (on.libc === '' || isFor(libc, on.libc));
    })
    .map(([path]) => path)
    .filter((path) => !existsSync(join(root, path, 'package.json')));
}

/**
 * @param {string | readonly string[] | undefined} list names, or names to leave out with a `!`
 * @param {string} name
 */
function isFor(list, name) {
  const names = list === undefined ? [] : [list].flat();
  if (names.includes(`!${name}`)) return false;
  const wanted = names.filter((one) => !one.startsWith('!'));
  return wanted.length === 0 || wanted.includes(name) || wanted.includes('any');
}

function machine() {
  const libc = process.platform === 'linux' ? libcOfLinux() : '';
  return { os: process.platform, cpu: process.arch, libc };
}

function libcOfLinux() {
  // Otherwise the report asks the name servers about every open connection.
  if ('excludeNetwork' in process.report) process.report.excludeNetwork = true;
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (
    process.report.getReport()
  );
  return header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

/** @param {string} root */
function stampPath(root) {
  return join(root, 'node_modules', '.gatehouse-stamp');
}

// npm writes its own list into node_modules at every change, so its size tells of an `npm prune`.
/** @param {string} root @param {string} abi */
function stampFor(root, abi) {
  let lock;
  try {
    lock = readFileSync(join(root, 'package-lock.json'));
  } catch {
    return undefined;
  }
  const list = statSync(join(root, 'node_modules/.package-lock.json'), { throwIfNoEntry: false });
  const digest = createHash('sha256').update(lock).digest('hex');
  const { platform, arch } = process;
  return `${JSON.stringify({ stampVersion, lock: digest, platform, arch, abi, list: list?.size })}\n`;
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
