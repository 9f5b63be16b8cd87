import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A store that another process holds. */
export interface StoreChild {
  readonly process: ChildProcess;
  readonly pid: number;
  /** What it said so far. */
  readonly lines: readonly string[];
  /** Resolves with the first line that begins like one of these; rejects when it ends without one. */
  said(...beginnings: string[]): Promise<string>;
  /** Resolves when it is gone. */
  readonly ended: Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

/** Starts a process that opens the store in a folder; `write` also has it insert rows, `once` close. */
export function storeChild(
  dataDir: string,
  mode: 'hold' | 'write' | 'once',
  url?: string,
): StoreChild {
  const program = fileURLToPath(new URL('./writer.ts', import.meta.url));
  const args = [program, dataDir, mode, ...(url === undefined ? [] : [url])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const notify = () => {
    for (const look of waiting) look();
  };
  const reader = createInterface(child.stdout);
  reader.on('line', (line) => {
    lines.push(line);
    notify();
  });
  let over = false;
  const ended = new Promise<void>((done) => {
    reader.on('close', () => {
      over = true;
      notify();
      done();
    });
  });
  return {
    process: child,
    pid: child.pid as number,
    lines,
    ended,
    said: (...beginnings) =>
      new Promise((done, fail) => {
        const look = () => {
          const line = lines.find((one) => beginnings.some((start) => one.startsWith(start)));
          if (line === undefined && !over) return;
          waiting.delete(look);
          if (line !== undefined) done(line);
          else fail(new Error(`it never said ${beginnings}: ${lines.join(' | ')}`));
        };
        waiting.add(look);
        look();
      }),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
