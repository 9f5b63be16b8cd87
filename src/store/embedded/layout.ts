import { createHash, randomUUID } from 'node:crypto';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readlink,
  realpath,
  rmdir,
  stat,
  symlink,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { GatehouseError } from '../../kernel/index.ts';

/** Where the embedded server keeps its parts, and as whom it runs. */
export interface Layout {
  /** The folder that holds all the others. */
  readonly root: string;
  /** Holds PostgreSQL's own data folder and the password to it: one folder, so made at once. */
  readonly cluster: string;
  readonly data: string;
  readonly log: string;
  /** Copies of the binaries, a folder for each version. */
  readonly runtime: string;
  readonly password: string;
  /** Holds the Unix socket; short enough for a socket address. */
  readonly socket: string;
  /** PostgreSQL refuses to run as root, so root starts it as this user. Null: as who we are. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
}

// `nobody` on every Linux; on macOS any number that is not root does.
const nobody = { uid: 65534, gid: 65534 };

// sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS, with the closing zero.
const mostSocketBytes = process.platform === 'darwin' ? 103 : 107;

/**
 * Makes the folders of the embedded server: `postgres/` in the data folder, or where root's data
 * folder is closed to every other user, a link there to a folder of its own (`refuge`).
 *
 * @throws GatehouseError `store_unavailable` when no such folder can be had.
 */
export async function prepareLayout(
  dataDir: string,
  log: (line: string) => void,
  refuge = '/var/lib/gatehouse',
): Promise<Layout> {
  const user = process.geteuid?.() === 0 ? nobody : null;
  await mkdir(dataDir, { recursive: true, mode: user ? 0o711 : 0o700 });
  const root = await serverFolder(await realpath(resolve(dataDir)), user, refuge, log);
  const layout = {
    root,
    cluster: join(root, 'cluster'),
    data: join(root, 'cluster', 'data'),
    log: join(root, 'log'),
    runtime: join(root, 'runtime'),
    password: join(root, 'cluster', 'password'),
    socket: await socketFolder(root, user),
    user,
  };
  await mkdir(layout.runtime, { recursive: true, mode: 0o755 });
  await owned(layout.log, user);
  // The server passes through, and sees neither the folder nor the password beside its own parts.
  await chmod(root, user ? 0o711 : 0o700);
  return layout;
}

async function serverFolder(
  home: string,
  user: Layout['user'],
  refuge: string,
  log: (line: string) => void,
): Promise<string> {
  if (user) await openOwn(home);
  const root = join(home, 'postgres');
  const there = await realpath(root).catch((error) => missing(root, error));
  if (there === null && user && !(await passable(home))) await takeRefuge(root, refuge, log);
  else if (there === null) await mkdir(root, { recursive: true });
  const found = await realpath(root);
  if (user && !(await passable(found))) throw closed(found);
  return found;
}

// Our own folder is opened for passing through, never for reading. Its parents are not ours to open.
async function openOwn(home: string): Promise<void> {
  const { mode, uid } = await stat(home);
  if (uid === 0 && (mode & 0o001) === 0) await chmod(home, (mode & 0o777) | 0o011);
}

// A link that leads nowhere is not the same as none: the database it led to may still exist.
async function missing(root: string, error: NodeJS.ErrnoException): Promise<null> {
  if (error.code !== 'ENOENT') throw error;
  const to = await readlink(root).catch(() => null);
  if (to === null) return null;
  const message = `the database's files in \`${to}\` are gone; restore them from a backup, or remove the link \`${root}\` to begin anew`;
  throw new GatehouseError('store_unavailable', message);
}

// Named at random, so that a data folder that was removed and made again does not find the old
// database. Of two starts at once, the one that makes the link first wins.
async function takeRefuge(
  root: string,
  refuge: string,
  log: (line: string) => void,
): Promise<void> {
  await mkdir(refuge, { recursive: true, mode: 0o711 }).catch(() => {});
  if (!(await passable(refuge))) throw closed(root);
  const folder = join(refuge, randomUUID());
  await mkdir(folder, { mode: 0o711 }).catch(() => {
    throw closed(root);
  });
  try {
    await symlink(folder, root);
    log(`the data folder is closed to the database's user; its files are in ${folder}`);
  } catch (error) {
    await rmdir(folder);
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function closed(folder: string): GatehouseError {
  const mend =
    'run gatehouse as an unprivileged user, put its data where others may pass (for instance /var/lib/gatehouse), or name a PostgreSQL server in DATABASE_URL';
  const message = `postgresql refuses to run as root, and no other user can reach \`${folder}\`; ${mend}`;
  return new GatehouseError('store_unavailable', message);
}

// True if the server's user can pass from the top to here. Nothing is opened for it.
async function passable(folder: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    const found = await stat(at).catch(() => null);
    if (found === null) return false;
    if ((found.mode & (found.uid === nobody.uid ? 0o100 : 0o001)) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

async function socketFolder(root: string, user: Layout['user']): Promise<string> {
  const fits = (folder: string) =>
    Buffer.byteLength(join(folder, '.s.PGSQL.5432')) <= mostSocketBytes;
  const beside = join(root, 'run');
  if (fits(beside)) {
    await owned(beside, user);
    return beside;
  }
  const name = `gatehouse-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`;
  const folder = [join(tmpdir(), name), join('/tmp', name)].find(fits) as string;
  await owned(folder, user);
  return folder;
}

/**
 * A folder of the server's user that nobody else enters. Refuses one that another user put there
 * first, which matters where everybody may write (the temporary folder).
 */
export async function owned(folder: string, user: Layout['user']): Promise<void> {
  const uid = user?.uid ?? process.geteuid?.();
  try {
    await mkdir(folder, { mode: 0o700 });
    if (user) await chown(folder, user.uid, user.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  let found = await lstat(folder);
  // Made by root and not yet handed over: a start that was cut off between the two calls.
  if (user && found.uid === 0 && found.isDirectory()) {
    await chown(folder, user.uid, user.gid);
    found = await lstat(folder);
  }
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    const mend = 'remove it, or give it to the user that runs postgresql with mode 0700';
    throw new GatehouseError('store_unavailable', `\`${folder}\` is not ours alone; ${mend}`);
  }
}
