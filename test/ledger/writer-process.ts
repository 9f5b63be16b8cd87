import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A process that writes to the log. */
export interface WriterProcess {
  readonly process: ChildProcess;
  /** What was acknowledged so far: the number of an entry by its index in the log. */
  readonly acknowledged: ReadonlyMap<number, number>;
  /** Resolves when so many are acknowledged, or when it ended. */
  reached(count: number): Promise<void>;
  readonly ended: Promise<void>;
}

/** Starts a process that writes `count` entries to the log at a URL. */
export function writerProcess(
  url: string,
  name: string,
  count: number,
  inFlight: number,
): WriterProcess {
  const program = fileURLToPath(new URL('./writer.ts', import.meta.url));
  const args = [program, url, name, String(count), String(inFlight)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged = new Map<number, number>();
  const reader = createInterface(child.stdout);
  let notify = () => {};
  let over = false;
  reader.on('line', (line) => {
    const [index, n] = line.split(' ');
    if (n !== undefined) acknowledged.set(Number(index), Number(n));
    notify();
  });
  const ended = once(reader, 'close').then(() => {
    over = true;
    notify();
  });
  return {
    process: child,
    acknowledged,
    ended,
    reached: (wanted) =>
      new Promise((done) => {
        notify = () => {
          if (acknowledged.size >= wanted || over) done();
        };
        notify();
      }),
  };
}
