import { type Clock, type Draft, GatehouseError, type Recorded } from '../../kernel/index.ts';
import type { Vault } from '../../store/index.ts';
import { BatchQueue, type QueueLimits } from './batch-queue.ts';
import type { LogWriter } from './log-writer.ts';
import { type Pending, pendingOf } from './pending.ts';

/** How entries are gathered into one commit. */
export interface Pace {
  /** Entries of one commit at most. */
  readonly most: number;
  /** While many write, how long the first of a batch waits for company, in milliseconds. */
  readonly lingerMs: number;
}

export const usualPace: Pace = { most: 256, lingerMs: 2 };
export const usualLimits: QueueLimits = { drafts: 20_000, bytes: 64 * 1024 * 1024 };

// A batch of so many shows that more will come; fewer are not kept waiting.
const crowd = 4;
const mostBatchBytes = 16 * 1024 * 1024;

/** Puts drafts in order and commits them in groups. */
export class Sequencer {
  readonly #writer: LogWriter;
  readonly #vault: Pick<Vault, 'seal'>;
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #queue: BatchQueue;
  #running: Promise<void> | null = null;
  #closed = false;
  #full: (() => void) | null = null;

  constructor(
    writer: LogWriter,
    vault: Pick<Vault, 'seal'>,
    clock: Clock,
    pace: Pace,
    limits: QueueLimits,
  ) {
    this.#writer = writer;
    this.#vault = vault;
    this.#clock = clock;
    this.#pace = pace;
    this.#queue = new BatchQueue(limits);
  }

  /** Resolves when the entry is durable. The order of calls is the order in the log. */
  record(draft: Draft): Promise<Recorded> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new GatehouseError('record_unavailable', 'the log is closed');
      this.#queue.checkRoom();
      const pending = pendingOf(draft, this.#vault, { resolve, reject });
      // Nothing waits for what can never be written.
      if (pending.failed !== null) throw pending.failed;
      this.#queue.push(pending);
      if (this.#queue.length >= this.#pace.most) this.#full?.();
      this.#running ??= this.#run();
    });
  }

  /** Writes what waits, then takes no more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#full?.();
    await this.#running;
    this.#writer.close();
  }

  async #run(): Promise<void> {
    // Whatever arrives in this turn of the event loop is one batch.
    await new Promise(setImmediate);
    let last = 0;
    let settle: (() => void) | null = null;
    while (this.#queue.length > 0) {
      if (last >= crowd && this.#queue.length < this.#pace.most) {
        settle?.();
        settle = null;
        await this.#gathered();
      }
      const batch = this.#queue.take(this.#pace.most, mostBatchBytes);
      last = batch.length;
      const writing = this.#written(batch);
      if (settle !== null) {
        // The server works on this batch while those who waited for the last one go on.
        await new Promise(setImmediate);
        settle();
      }
      settle = await writing;
      if (this.#queue.length > 0) continue;
      settle();
      settle = null;
    }
    this.#running = null;
  }

  async #written(batch: readonly Pending[]): Promise<() => void> {
    const waits = batch.flatMap(({ ready }) => ready ?? []);
    if (waits.length > 0) await Promise.all(waits);
    return this.#writer.write(batch);
  }

  // A commit costs the same for one entry as for many, so a busy log waits a little for more.
  async #gathered(): Promise<void> {
    if (this.#closed || this.#queue.length >= this.#pace.most) return;
    await new Promise<void>((done) => {
      const cancel = this.#clock.after(this.#pace.lingerMs, done);
      this.#full = () => {
        cancel();
        done();
      };
    });
    this.#full = null;
  }
}
