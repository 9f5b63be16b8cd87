import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, realpath, stat } from 'node:fs/promises';
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
 * Makes the folders of the embedded server inside a data folder.
 *
 * @throws GatehouseError `store_unavailable` when root's data folder lies where no other user can
 *   reach it, or the folder cannot be made.
 */
export async function prepareLayout(dataDir: string): Promise<Layout> {
  const user = process.geteuid?.() === 0 ? nobody : null;
  await mkdir(dataDir, { recursive: true, mode: user ? 0o711 : 0o700 });
  const home = await realpath(resolve(dataDir));
  if (user) await openThrough(home);
  const root = join(home, 'postgres');
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
  if (user) await chmod(root, 0o711);
  else await chmod(root, 0o700);
  return layout;
}

// Our own folder is opened for passing through, never for reading; a parent is not ours to open.
async function openThrough(home: string): Promise<void> {
  const own = await stat(home);
  if (own.uid === 0 && (own.mode & 0o001) === 0) await chmod(home, (own.mode & 0o777) | 0o011);
  for (let at = home; ; at = dirname(at)) {
    const { mode, uid } = await stat(at);
    const passable = uid === nobody.uid ? mode & 0o100 : mode & 0o001;
    if (!passable) {
      const mend =
        'run gatehouse as an unprivileged user, put its data elsewhere (for instance /var/lib/gatehouse), or name a PostgreSQL server in DATABASE_URL';
      throw new GatehouseError(
        'store_unavailable',
        `postgresql refuses to run as root, and no other user can reach \`${home}\` because \`${at}\` is closed; ${mend}`,
      );
    }
    if (at === dirname(at)) return;
  }
}

async function socketFolder(root: string, user: Layout['user']): Promise<string> {
  const fits = (folder: string) =>
    Buffer.byteLength(join(folder, '.s.PGSQL.5432')) <= mostSocketBytes;
  const beside = join(root, 'run');
  if (fits(beside)) {
    await mkdir(root, { recursive: true });
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
