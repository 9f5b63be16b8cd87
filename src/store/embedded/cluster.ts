import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chown,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { GatehouseError } from '../../kernel/index.ts';
import type { Binaries } from './binaries.ts';
import { draftName, dropDrafts } from './draft.ts';
import { lastLines, serverEnv, startFailed } from './failure.ts';
import type { Layout } from './layout.ts';

/** The name of the embedded server's role and of its database. */
export const role = 'gatehouse';

/**
 * Makes the database cluster when there is none, and answers with its password.
 *
 * The server asks for a password although its socket lies in a folder of mode 0700: started by
 * root it runs as `nobody`, and so may a sandboxed tool, which must not reach the record.
 *
 * @throws GatehouseError `store_unavailable` when the folder is of another major version, not
 *   whole, or its password is lost.
 */
export async function ensureCluster(
  layout: Layout,
  binaries: Binaries,
  log: (line: string) => void,
): Promise<string> {
  await dropDrafts(layout.root);
  const found = await versionOf(layout);
  if (found === null) {
    log(`preparing PostgreSQL ${binaries.major} (first start only)`);
    await createCluster(layout, binaries);
  } else if (found !== String(binaries.major)) {
    const message = `\`${layout.data}\` was made by PostgreSQL ${found} and this gatehouse brings ${binaries.major}; start the gatehouse that made it, move the data with pg_dump, or name a server in DATABASE_URL`;
    throw new GatehouseError('store_unavailable', message);
  }
  return readPassword(layout);
}

async function versionOf(layout: Layout): Promise<string | null> {
  const names = await readdir(layout.data).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw unusable(layout, error);
  });
  if (names === null) return null;
  const owner = (await stat(layout.data)).uid;
  const expected = layout.user?.uid ?? process.geteuid?.();
  if (expected !== undefined && owner !== expected) {
    const message = `\`${layout.data}\` belongs to user ${owner} and the database would run as user ${expected}; start gatehouse as the user that made it, or change the owner`;
    throw new GatehouseError('store_unavailable', message);
  }
  // It appears whole or not at all, so a part is missing because somebody took it.
  if (!names.includes('PG_VERSION') || !names.includes('global')) throw unusable(layout);
  return (await readFile(join(layout.data, 'PG_VERSION'), 'utf8')).trim();
}

function unusable(layout: Layout, cause?: unknown): GatehouseError {
  const message = `\`${layout.data}\` is not a whole PostgreSQL data folder; restore it from a backup, or move it away to begin anew`;
  return new GatehouseError('store_unavailable', message, { cause });
}

async function readPassword(layout: Layout): Promise<string> {
  try {
    return (await readFile(layout.password, 'utf8')).trim();
  } catch (cause) {
    const message = `the database's password \`${layout.password}\` cannot be read; restore it from a backup together with the data`;
    throw new GatehouseError('store_unavailable', message, { cause });
  }
}

// INVARIANT: the cluster's folder appears under its name only when it is whole, on disk, and holds
// the password that opens it. A start that is cut off leaves a draft, which the next one removes;
// of two starts at once, the one that renames first wins.
async function createCluster(layout: Layout, binaries: Binaries): Promise<void> {
  const draft = join(layout.root, draftName());
  const data = join(draft, 'data');
  const password = join(draft, 'password');
  await mkdir(draft, { mode: 0o711 });
  try {
    await mkdir(data, { mode: 0o700 });
    await writeFile(password, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
    await give(layout, [data, password]);
    await runInitdb(layout, binaries, data, password);
    if (layout.user) await chown(password, 0, 0);
    await syncFile(password);
    await syncFile(draft);
    await rename(draft, layout.cluster).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    await syncFile(layout.root);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function runInitdb(
  layout: Layout,
  binaries: Binaries,
  data: string,
  password: string,
): Promise<void> {
  const encoding = ['--no-locale', '--encoding=UTF8', '--data-checksums'];
  const access = [`--username=${role}`, '--auth=scram-sha-256', `--pwfile=${password}`];
  // One sync at the end is several times faster than one for each file.
  const brief = ['--no-sync', '--no-instructions'];
  await run(layout, binaries.initdb, ['-D', data, ...brief, ...encoding, ...access]);
  await run(layout, binaries.initdb, ['-D', data, '--sync-only']);
}

async function run(layout: Layout, program: string, args: string[]): Promise<void> {
  const child = spawn(program, args, { env: serverEnv, cwd: '/', ...layout.user });
  child.stdin.end();
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  child.stderr.on('data', (text) => {
    said += text;
  });
  const code = await new Promise<number | null | Error>((done) => {
    child.on('error', done).on('close', done);
  });
  if (code === 0) return;
  const why = code instanceof Error ? code.message : lastLines(said);
  throw startFailed(why, code instanceof Error ? code : undefined);
}

async function give(layout: Layout, paths: readonly string[]): Promise<void> {
  if (!layout.user) return;
  for (const path of paths) await chown(path, layout.user.uid, layout.user.gid);
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
