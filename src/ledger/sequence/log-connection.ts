import type { Duplex } from 'node:stream';
import pg from 'pg';
import { type Clock, GatehouseError } from '../../kernel/index.ts';

// INVARIANT: a commit that is answered is on disk, whatever the server's default is. And whoever
// stops in the middle of a transaction gives up the head of the log to the others.
const session = `
  select set_config('synchronous_commit', 'on', false)
  where current_setting('synchronous_commit') = 'off';
  set idle_in_transaction_session_timeout = '20s'`;

/** The one connection that a process writes the log over. Opened when needed, replaced when lost. */
export class LogConnection {
  readonly #pool: pg.Pool;
  readonly #clock: Clock;
  #client: pg.PoolClient | null = null;
  #lost = false;

  constructor(pool: pg.Pool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** @throws GatehouseError `store_unavailable` when the database cannot be reached. */
  async client(): Promise<pg.PoolClient> {
    if (this.#client !== null && !this.#lost) return this.#client;
    this.drop();
    try {
      const client = await this.#pool.connect();
      this.#client = client;
      this.#lost = false;
      // Statements that do not wait for each other's answers share a round trip.
      (client as { pipeline: boolean }).pipeline = true;
      const lose = () => {
        if (this.#client === client) this.#lost = true;
      };
      client.on('error', lose);
      client.on('end', lose);
      await client.query(session);
      return client;
    } catch (cause) {
      this.drop();
      const message = 'the database cannot be reached, so nothing is recorded; check that it runs';
      throw new GatehouseError('store_unavailable', message, { cause });
    }
  }

  /** Runs work that must not hang: after `ms` the connection is cut, which makes the work fail. */
  async within<T>(ms: number, work: () => Promise<T>): Promise<T> {
    const cancel = this.#clock.after(ms, () => {
      this.#lost = true;
      (this.#client as unknown as Wire | null)?.connection.stream.destroy();
    });
    try {
      return await work();
    } finally {
      cancel();
    }
  }

  /** True if after this error nobody knows what the server did, or the session is gone. */
  broken(error: unknown): boolean {
    if (this.#lost) return true;
    if (!(error instanceof pg.DatabaseError)) return false;
    const { severity, code = '' } = error;
    return severity === 'FATAL' || severity === 'PANIC' || code.startsWith('08');
  }

  drop(): void {
    this.#client?.release(true);
    this.#client = null;
  }
}

// The type of `pg` leaves out the connection of a pooled client.
interface Wire {
  readonly connection: { readonly stream: Duplex };
}

/** Statements that are sent at once leave in one piece: each write to the socket costs as much as many. */
export function together<T>(client: pg.ClientBase, send: () => T): T {
  const { stream } = (client as unknown as Wire).connection;
  stream.cork();
  try {
    return send();
  } finally {
    stream.uncork();
  }
}
