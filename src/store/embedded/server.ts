import { type ChildProcess, spawn } from 'node:child_process';
import { open, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { GatehouseError } from '../../kernel/index.ts';
import { type Binaries, bringBinaries, dropOtherBinaries } from './binaries.ts';
import { ensureCluster, role } from './cluster.ts';
import { lastLines, serverEnv, startFailed } from './failure.ts';
import { type Layout, prepareLayout } from './layout.ts';
import { alive, commandOf, exists } from './process.ts';
import { settings } from './settings.ts';

/** How to reach the embedded server. `host` is the folder of its Unix socket. */
export interface Access {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** A running embedded server. */
export interface Server {
  readonly access: Access;
  readonly pid: number;
  readonly version: string;
  /** Where its files are. */
  readonly folder: string;
  /** True if it was running already: left behind by a process that was killed. */
  readonly adopted: boolean;
  /** Ends it in order (PostgreSQL's fast shutdown) and resolves when it is gone. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly dataDir: string;
  readonly log: (line: string) => void;
  /** Without durability: for the servers of tests. */
  readonly disposable?: boolean;
}

const port = 5432;
// Recovery after a power cut reads the whole write-ahead log; a healthy start takes a tenth of a second.
const patienceMs = 120_000;
// So long a stale file's process id must be another program's before the file is taken away.
const strangerMs = 1_000;

/**
 * Starts PostgreSQL on a data folder, or adopts the one that runs there. The server is a process
 * of its own, in its own group: neither a Ctrl-C nor the end of this process takes it down.
 *
 * @throws GatehouseError `store_unavailable` with what the server said and what to do.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { layout, binaries, password } = await prepare(options).catch((error) => {
    throw unprepared(options.dataDir, error);
  });
  const access = { host: layout.socket, port, user: role, password };
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    const running = await reachable(layout, access, deadline);
    if (running !== null) return server(running, layout, access, binaries, true);
    const started = await launch(layout, binaries, options, access, deadline);
    if (started !== null) {
      await dropOtherBinaries(layout, binaries);
      return server(started, layout, access, binaries, false);
    }
    await sleep(50);
  }
  throw startFailed(`processes of an earlier server still hold \`${layout.data}\``);
}

async function prepare({ dataDir, log }: ServerOptions) {
  const layout = await prepareLayout(dataDir, log);
  const binaries = await bringBinaries(layout);
  return { layout, binaries, password: await ensureCluster(layout, binaries, log) };
}

function unprepared(dataDir: string, cause: unknown): unknown {
  if (cause instanceof GatehouseError) return cause;
  const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
  const message = `the data folder \`${dataDir}\` cannot be used (${why}); check its owner, its mode and the space on its disk`;
  return new GatehouseError('store_unavailable', message, { cause });
}

function server(
  pid: number,
  layout: Layout,
  access: Access,
  binaries: Binaries,
  adopted: boolean,
): Server {
  // The id of a server that died may be another's by now.
  const stopOurs = async () => {
    if (isOurs(pid, layout)) await stop(pid);
    // One outside our own folder, for a short name, would be left behind in the temporary folder.
    if (!layout.socket.startsWith(layout.root)) await rmdir(layout.socket).catch(() => {});
  };
  return {
    access,
    pid,
    version: binaries.version,
    folder: layout.root,
    adopted,
    stop: stopOurs,
  };
}

/**
 * The id of the server that runs on this data folder and answers, or null where none does. Waits
 * for one that is starting up or shutting down.
 */
async function reachable(layout: Layout, access: Access, deadline: number): Promise<number | null> {
  let stranger = { pid: 0, since: 0 };
  for (;;) {
    const state = await greet(access);
    const pid = await postmaster(layout);
    if (state === 'ready' && pid !== null) return pid;
    if (state === 'away') {
      // PostgreSQL itself sees through a file that names a process that is gone. It does not where
      // another program has the number, or where nobody has reaped the process.
      if (pid === null || !exists(pid)) return null;
      if (stranger.pid !== pid || isOurs(pid, layout)) stranger = { pid, since: Date.now() };
      // INVARIANT: the file of a server that is just being started is never removed. For a moment
      // its process still has its parent's name, so a stranger is one that stays a stranger.
      if (Date.now() - stranger.since > strangerMs) {
        if ((await postmaster(layout)) === pid) await dropLocks(layout);
        return null;
      }
    }
    if (state !== 'ready' && state !== 'away' && state !== 'busy') throw startFailed(state);
    if (Date.now() > deadline) {
      const message = `postgresql with process id ${pid} holds \`${layout.data}\` and does not answer; see its log in \`${layout.log}\`, end it, and start again`;
      throw new GatehouseError('store_unavailable', message);
    }
    await sleep(10);
  }
}

// Folder and socket each have a lock file that names the server. Shared memory that processes of an
// earlier one still use stops a start by itself.
async function dropLocks(layout: Layout): Promise<void> {
  await rm(join(layout.socket, `.s.PGSQL.${port}.lock`), { force: true });
  await rm(pidFile(layout), { force: true });
}

/** Asks the server: ready, starting or stopping, not there, or what it said instead. */
async function greet(access: Access): Promise<'ready' | 'busy' | 'away' | (string & {})> {
  const client = new pg.Client({ ...access, database: 'postgres', connectionTimeoutMillis: 5000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return 'ready';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'away';
    // 57P03 cannot connect now, 53300 too many connections; a cut connection is a server that leaves.
    if (code === undefined || code === '57P03' || code === '53300') return 'busy';
    return code === 'ECONNRESET' || code === 'EPIPE' ? 'busy' : message;
  } finally {
    await client.end().catch(() => {});
  }
}

function pidFile(layout: Layout): string {
  return join(layout.data, 'postmaster.pid');
}

async function postmaster(layout: Layout): Promise<number | null> {
  const text = await readFile(pidFile(layout), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
}

function isOurs(pid: number, layout: Layout): boolean {
  const command = commandOf(pid);
  return command.includes('postgres') && command.includes(layout.data);
}

/** Null: another server was faster, or the last processes of a killed one are still there. */
async function launch(
  layout: Layout,
  binaries: Binaries,
  options: ServerOptions,
  access: Access,
  deadline: number,
): Promise<number | null> {
  const words = join(layout.root, 'start.log');
  const child = await spawnServer(layout, binaries, options.disposable ?? false, words);
  let ended: string | null = null;
  child.on('error', (error) => {
    ended = error.message;
  });
  child.on('exit', () => {
    ended ??= '';
  });
  child.unref();
  while (Date.now() < deadline && ended === null) {
    if (await isReady(layout, child.pid)) {
      const state = await greet(access);
      if (state === 'ready') return child.pid as number;
      if (state !== 'busy' && state !== 'away') {
        await stop(child.pid as number);
        throw startFailed(state);
      }
    }
    await sleep(5);
  }
  const said = ended || (await serverSaid(layout, words));
  if (ended !== null && /lock file|shared memory block/.test(said)) return null;
  throw startFailed(lastLines(said));
}

// Once it has begun its own log, the reason of an early end stands there.
async function serverSaid(layout: Layout, words: string): Promise<string> {
  const said = await readFile(words, 'utf8').catch(() => '');
  if (!said.includes('redirecting log output')) return said;
  const names = await readdir(layout.log).catch(() => []);
  const logs = names.map(async (name) => {
    const path = join(layout.log, name);
    return { path, at: (await stat(path)).mtimeMs };
  });
  const newest = (await Promise.all(logs)).sort((a, b) => b.at - a.at)[0];
  if (newest === undefined) return said;
  const text = await readFile(newest.path, 'utf8').catch(() => '');
  return (
    text
      .split('\n')
      .filter((line) => line.includes('FATAL'))
      .slice(-1)
      .join('\n') || said
  );
}

async function spawnServer(
  layout: Layout,
  binaries: Binaries,
  disposable: boolean,
  words: string,
): Promise<ChildProcess> {
  const said = await open(words, 'w', 0o600);
  try {
    return spawn(binaries.postgres, ['-D', layout.data, ...settings(layout, disposable)], {
      ...layout.user,
      cwd: '/',
      env: serverEnv,
      detached: true,
      stdio: ['ignore', said.fd, said.fd],
    });
  } finally {
    await said.close();
  }
}

// The eighth line of postmaster.pid is the server's state: cheaper to ask than the server itself.
async function isReady(layout: Layout, pid: number | undefined): Promise<boolean> {
  const text = await readFile(pidFile(layout), 'utf8').catch(() => '');
  const lines = text.split('\n');
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready';
}

async function stop(pid: number): Promise<void> {
  signal(pid, 'SIGINT');
  const urgent = Date.now() + 30_000;
  let hurried = false;
  while (alive(pid)) {
    // A shutdown without a last checkpoint loses nothing: the next start recovers from the log.
    if (!hurried && Date.now() > urgent) {
      signal(pid, 'SIGQUIT');
      hurried = true;
    }
    await sleep(10);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
