import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmCi } from './npm.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * A Node that can run this product. `abi` is its `process.versions.modules`; `here` tells that it
 * is the one that runs already.
 *
 * @typedef {{ node: string, abi: string, here: boolean }} Runtime
 */

// The first 24 with TypeScript by type stripping as a stable feature, OpenSSL 3.5 and argon2.
const oldest = { major: 24, minor: 12 };
const oldestName = `${oldest.major}.${oldest.minor}`;

/**
 * True if a host's Node may run the product itself.
 *
 * @param {string} version such as `24.21.0`
 */
export function isSuitable(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldest.major || (major === oldest.major && minor >= oldest.minor);
}

/**
 * The Node in use, or the pinned one if it was brought already; undefined if it has to be brought.
 *
 * @param {string} root
 * @returns {Runtime | undefined}
 */
export function presentRuntime(root) {
  if (isSuitable(process.versions.node)) {
    return { node: process.execPath, abi: process.versions.modules, here: true };
  }
  const { folder, node } = pinned(root);
  try {
    return { node, abi: readFileSync(join(folder, 'abi'), 'utf8'), here: false };
  } catch {
    return undefined;
  }
}

/**
 * Brings the pinned Node from the npm registry into `.gatehouse/runtime`. Its integrity is that of
 * scripts/runtime/package-lock.json.
 *
 * @param {string} root
 * @param {(line: string) => void} say
 */
export async function bringRuntime(root, say) {
  const { folder, node, name, entry } = pinned(root);
  say(`Node ${process.version} is older than v${oldestName}; fetching Node ${entry.version}`);
  const draft = `${folder}.draft`;
  rmSync(draft, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  // As a plain dependency, because npm keeps silent about an optional one that it cannot fetch.
  const { optional: _, ...plain } = entry;
  const self = { name: 'gatehouse-runtime', dependencies: { [name]: entry.version } };
  const packages = { '': self, [`node_modules/${name}`]: plain };
  const lock = { ...self, lockfileVersion: 3, requires: true, packages };
  writeFileSync(join(draft, 'package.json'), JSON.stringify({ ...self, private: true }));
  writeFileSync(join(draft, 'package-lock.json'), JSON.stringify(lock));
  await npmCi(draft, process.execPath, join(root, '.gatehouse/npm-cache'));
  writeFileSync(join(draft, 'abi'), abiOf(node.replace(folder, () => draft)));
  // INVARIANT: the folder has its final name only when it is complete.
  renameSync(draft, folder);
}

/** @param {string} root */
function pinned(root) {
  const file = readFileSync(join(root, 'scripts/runtime/package-lock.json'));
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const { packages } = JSON.parse(file.toString());
  const names = [`node-${system}-${process.arch}`, `node-bin-${system}-${process.arch}`];
  const name = names.find((one) => packages[`node_modules/${one}`] !== undefined);
  if (name === undefined) {
    throw new SetupError(
      `there is no pinned Node for \`${process.platform}-${process.arch}\`; ` +
        `install Node ${oldestName} or newer (https://nodejs.org) and try again`,
    );
  }
  /** @type {{ version: string, optional?: boolean, bin: { node: string } }} */
  const entry = packages[`node_modules/${name}`];
  const digest = createHash('sha256').update(file).digest('hex').slice(0, 12);
  const folder = join(root, '.gatehouse/runtime', `${name}-${entry.version}-${digest}`);
  return { name, entry, folder, node: join(folder, 'node_modules', name, entry.bin.node) };
}

/** @param {string} node */
function abiOf(node) {
  if (!existsSync(node)) throw new SetupError(`the package of Node holds no \`${node}\``);
  try {
    return execFileSync(node, ['-p', 'process.versions.modules'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  } catch (cause) {
    throw new SetupError(
      'the pinned Node does not run on this machine (is it Alpine, or another without glibc?); ' +
        `install Node ${oldestName} or newer and try again`,
      cause instanceof Error ? cause.message : String(cause),
    );
  }
}
