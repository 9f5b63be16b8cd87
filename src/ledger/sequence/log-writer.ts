import pg from 'pg';
import { type Clock, GatehouseError } from '../../kernel/index.ts';
import {
  type Attempt,
  PoisonedBatch,
  type WriteParts,
  type Written,
  writeLocked,
  writeTrusting,
} from './batch-write.ts';
import type { Claimers } from './claims.ts';
import { LogConnection } from './log-connection.ts';
import type { LogTree } from './log-tree.ts';
import type { Pending } from './pending.ts';

/** How long one try to write a batch may take before its connection is cut. */
const mostMs = 15_000;
// How long to wait before each further look whether a batch arrived.
const retryAfterMs = [0, 100, 400, 1500];
const triesWhenAway = 2;
// Once another process moved the head, it likely will again: so many batches lock at once.
const batchesInCompany = 16;

/** Writes batches, one after another, and says of every draft what became of it. */
export class LogWriter {
  readonly #connection: LogConnection;
  readonly #clock: Clock;
  readonly #claimers: Claimers;
  #tree: LogTree;
  #company = 0;

  constructor(pool: pg.Pool, tree: LogTree, claimers: Claimers, clock: Clock) {
    this.#connection = new LogConnection(pool, clock);
    this.#tree = tree;
    this.#claimers = claimers;
    this.#clock = clock;
  }

  /**
   * Writes a batch; never rejects. Drafts that failed are told so. The function that comes back
   * tells the others that they are durable: the caller may start on the next batch before.
   */
  async write(batch: readonly Pending[]): Promise<() => void> {
    const sound = settleFailed(batch);
    if (sound.length === 0) return () => {};
    try {
      const { first, tree } = await this.#resolved(sound);
      this.#tree = tree.size >= this.#tree.size ? tree : this.#tree;
      return () => {
        sound.forEach(({ resolve, refused }, i) => {
          resolve({ index: first + i, refused });
        });
      };
    } catch (error) {
      return this.#failed(sound, error);
    }
  }

  close(): void {
    this.#connection.drop();
  }

  // INVARIANT: when the connection breaks nobody guesses. The head is locked over another one and
  // the rows are looked for; only rows that are not there are sent again, under the lock, which
  // moves the head away from where the lost attempt could still arrive.
  async #resolved(batch: readonly Pending[]): Promise<Written> {
    const attempts: Attempt[] = [];
    const parts: WriteParts = {
      claimers: this.#claimers,
      clock: this.#clock,
      attempting: (attempt) => attempts.push(attempt),
    };
    for (let tries = 0; ; tries++) {
      try {
        const client = await this.#connection.client();
        return await this.#connection.within(mostMs, () =>
          this.#once(client, batch, attempts, parts),
        );
      } catch (error) {
        const away = error instanceof GatehouseError && error.code === 'store_unavailable';
        if (!away && !this.#connection.broken(error)) throw await this.#undone(error);
        this.#connection.drop();
        const wait = retryAfterMs[tries];
        // Nothing was sent, so nothing needs resolving: a database that is away is not waited for
        // longer than it takes to tell it from one broken connection.
        const idle = away && attempts.length === 0 && tries === triesWhenAway;
        if (wait === undefined || idle) throw unavailable(error);
        if (wait > 0) await new Promise<void>((done) => this.#clock.after(wait, done));
      }
    }
  }

  async #once(
    client: pg.ClientBase,
    batch: readonly Pending[],
    attempts: readonly Attempt[],
    parts: WriteParts,
  ): Promise<Written> {
    const claims = batch.some(({ draft }) => draft.claims.length > 0);
    if (attempts.length === 0 && !claims && this.#company === 0) {
      const written = await writeTrusting(client, batch, this.#tree, parts);
      if (written !== null) return written;
      this.#company = batchesInCompany;
    } else if (this.#company > 0) {
      this.#company--;
    }
    return writeLocked(client, batch, this.#tree, attempts, parts);
  }

  async #undone(error: unknown): Promise<unknown> {
    try {
      const client = await this.#connection.client();
      await client.query('rollback');
    } catch {
      this.#connection.drop();
    }
    return error;
  }

  // One bad draft must not take others with it: they are written again, if need be one by one.
  async #failed(batch: readonly Pending[], error: unknown): Promise<() => void> {
    if (error instanceof PoisonedBatch) return this.write(batch);
    if (batch.length > 1 && isAboutOne(error)) {
      for (const pending of batch) (await this.write([pending]))();
      return () => {};
    }
    const thrown = isAboutOne(error) ? (error as Error) : unavailable(error);
    for (const { reject } of batch) reject(thrown);
    return () => {};
  }
}

/** Rejects the drafts that can never be written; answers with the others. */
function settleFailed(batch: readonly Pending[]): readonly Pending[] {
  for (const { failed, reject } of batch) if (failed !== null) reject(failed);
  return batch.filter(({ failed }) => failed === null);
}

// Classes 22 (data exception), 23 (constraint) and 40 (deadlock), and what a claimer throws, may
// be the doing of one draft. All else (disk full, read only, no rights) meets them all.
function isAboutOne(error: unknown): boolean {
  if (error instanceof GatehouseError)
    return error.code !== 'record_unavailable' && error.code !== 'unverified';
  if (!(error instanceof pg.DatabaseError)) return true;
  return ['22', '23', '40'].includes((error.code ?? '').slice(0, 2));
}

function unavailable(cause: unknown): GatehouseError {
  const told = cause instanceof GatehouseError;
  if (told && (cause.code === 'unverified' || cause.code === 'record_unavailable')) return cause;
  const message = 'the record cannot be written; see the health page and the database';
  return new GatehouseError('record_unavailable', message, { cause });
}
