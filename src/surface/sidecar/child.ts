import { type SpawnOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { GatehouseError } from '../../kernel/index.ts';

export interface ChildOptions {
  readonly words: readonly [string, ...string[]];
  readonly env: Record<string, string>;
  /** On a terminal, Ctrl-C reaches the program by itself; to pass it on would be twice. */
  readonly terminal: boolean;
  /** Whom it runs as; unset: as this process. */
  readonly user?: User | undefined;
}

/** A user of this machine, by numbers. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Runs a program with this process's standard input, output and error, passes signals on to it,
 * and answers its exit code: 128 and the signal's number where one ended it, 127 where there is no
 * such program (as shells do, POSIX 2.8.2).
 *
 * @throws GatehouseError `not_found` or `refused` when it cannot be started.
 */
export async function runChild({ words, env, terminal, user }: ChildOptions): Promise<number> {
  const [program] = words;
  const child = started(words, { env, stdio: 'inherit', shell: false, ...user });
  const passed = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => {
    const pass = () => {
      if (signal !== 'SIGINT' || !terminal) child.kill(signal);
    };
    process.on(signal, pass);
    return () => process.off(signal, pass);
  });
  return new Promise<number>((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => reject(notStarted(program, cause)));
    child.once('exit', (code, signal) => {
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
    });
  }).finally(() => {
    for (const stop of passed) stop();
  });
}

// What spawn has no event for, such as another user than one may become, it throws.
function started([program, ...rest]: ChildOptions['words'], options: SpawnOptions) {
  try {
    return spawn(program, rest, options);
  } catch (cause) {
    throw notStarted(program, cause as NodeJS.ErrnoException);
  }
}

function notStarted(program: string, cause: NodeJS.ErrnoException): GatehouseError {
  if (cause.code === 'ENOENT') {
    const message = `command \`${program}\` is not found; check its name and PATH`;
    return new GatehouseError('not_found', message, { cause });
  }
  const mend = cause.code === 'EPERM' ? 'only root runs it as another --user' : 'check its mode';
  const message = `command \`${program}\` cannot be run (${cause.code}); ${mend}`;
  return new GatehouseError('refused', message, { cause });
}
