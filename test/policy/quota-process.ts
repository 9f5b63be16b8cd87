import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What the callers of a process got. */
export interface Tally {
  readonly granted: number;
  readonly refused: number;
  /** Tokens that were charged exactly. */
  readonly used: number;
}

/** A process with callers that race for quotas. */
export interface QuotaProcess {
  readonly process: ChildProcess;
  /** Gives a command and waits for its answer; null when the process ended before. */
  ask(command: string): Promise<Tally | null>;
  /** Lets it end by itself. */
  end(): Promise<void>;
}

/** Starts a process of callers on the database at a URL; resolves when it is ready. */
export async function quotaProcess(url: string): Promise<QuotaProcess> {
  const program = fileURLToPath(new URL('./quota-caller.ts', import.meta.url));
  const child = spawn(process.execPath, [program, url], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  // Whoever is killed reads no more.
  child.stdin.on('error', () => {});
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  return {
    process: child,
    async ask(command) {
      child.stdin.write(`${command}\n`);
      const { value, done } = await lines.next();
      return done === true ? null : JSON.parse(value);
    },
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}
