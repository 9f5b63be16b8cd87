import type pg from 'pg';
import type { Clock } from '../../kernel/index.ts';

// The bytes of `quot`: the class of the advisory locks by which holders prove that they live.
export const lockClass = 1_903_521_652;

// A machine that is gone without a word is noticed within half a minute, not within hours.
const session = `
  set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3`;

const retryMs = [100, 500, 2_000, 5_000] as const;
const answerMs = 5_000;

export interface HolderParts {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly random: (size: number) => Buffer;
  readonly log: (line: string) => void;
}

/**
 * The number under which this process holds reservations. An advisory lock on it, on a connection
 * of its own, proves that the process lives: the server lets go of it whatever ends the connection.
 *
 * INVARIANT: a number is used as long as its lock stands and never again. A process that lost its
 * connection goes on under another, and what it held before is swept.
 */
export class Holder {
  readonly #parts: HolderParts;
  #client: pg.PoolClient | null = null;
  #number: number | null = null;
  #cancel: () => void = () => {};
  #closed = false;

  constructor(parts: HolderParts) {
    this.#parts = parts;
  }

  /** Null while there is no lock: nothing may be reserved then. */
  get number(): number | null {
    return this.#number;
  }

  /** Takes a number. Rejects when the database cannot be reached. */
  async take(): Promise<void> {
    const client = await this.#parts.pool.connect();
    this.#client = client;
    const lose = () => this.#lose(client);
    client.on('error', lose);
    client.on('end', lose);
    try {
      await client.query(session);
      const number = await this.#lock(client);
      if (this.#client === client && !this.#closed) this.#number = number;
      else this.#release(client);
    } catch (error) {
      this.#release(client);
      throw error;
    }
  }

  /** Asks whether the connection still answers; one that does not is given up and replaced. */
  async check(): Promise<void> {
    const client = this.#client;
    if (client === null || this.#number === null) return;
    const cancel = this.#parts.clock.after(answerMs, () => this.#lose(client));
    try {
      await client.query('select 1');
    } catch {
      this.#lose(client);
    } finally {
      cancel();
    }
  }

  /** Gives the number up and the connection back. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    const client = this.#client;
    if (client === null) return;
    this.#client = null;
    this.#number = null;
    await client.query('select pg_advisory_unlock_all()').then(
      () => client.release(),
      () => client.release(true),
    );
  }

  async #lock(client: pg.PoolClient): Promise<number> {
    for (;;) {
      // From 1: what is swept stands under 0.
      const number = 1 + (this.#parts.random(4).readUInt32BE() >>> 2);
      const { rows } = await client.query(
        `select pg_try_advisory_lock($1, $2) as had,
                exists (select from quota_hold where holder = $2) as used`,
        [lockClass, number],
      );
      const { had, used } = rows[0];
      if (had && !used) return number;
      if (had) await client.query('select pg_advisory_unlock($1, $2)', [lockClass, number]);
    }
  }

  #lose(client: pg.PoolClient): void {
    if (this.#client !== client) return;
    this.#release(client);
    if (this.#closed) return;
    this.#parts.log(
      'the connection that holds the reservations of quotas was lost; taking another',
    );
    this.#retry(0);
  }

  #retry(tries: number): void {
    const wait = retryMs[Math.min(tries, retryMs.length - 1)] as number;
    this.#cancel = this.#parts.clock.after(wait, () => {
      this.take().catch(() => {
        if (!this.#closed) this.#retry(tries + 1);
      });
    });
  }

  #release(client: pg.PoolClient): void {
    if (this.#client !== client) return;
    this.#client = null;
    this.#number = null;
    client.release(true);
  }
}
