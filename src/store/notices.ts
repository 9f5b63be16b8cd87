import { type Kysely, sql } from 'kysely';
import pg from 'pg';
import { type Clock, GatehouseError, type JsonObject } from '../kernel/index.ts';
import type { Tables } from './tables.ts';

/** Short words from process to process over the database. They hold identifiers, never secrets. */
export interface Notices {
  /**
   * Tells every process that listens, this one too, once it is committed. Use `notify` to tell in a
   * transaction. @throws GatehouseError `store_unavailable`.
   */
  send(kind: string, payload: JsonObject): Promise<void>;
  /** Returns how to stop listening. A listener that throws is logged and harms no other. */
  listen(kind: string, heard: (payload: JsonObject) => void): () => void;
  /**
   * True while notices surely arrive. When it is false some may be late or lost: whoever relies on
   * them asks the database until `onGap` has told of a connection that is back.
   */
  readonly connected: boolean;
  /** Runs each time a connection comes, the first too: what was told before it is lost. */
  onGap(run: () => void): () => void;
  close(): Promise<void>;
}

export interface NoticesOptions {
  /** Whose server is listened to, over a connection of our own. */
  readonly pool: pg.Pool;
  readonly clock: Clock;
  /** Told when notices are lost and when they are back, in lines for a person. */
  readonly log: (line: string) => void;
}

const channel = 'gatehouse';
// PostgreSQL takes 7999 bytes.
const mostBytes = 7_900;

/** Connection attempts and probes, in milliseconds. A dead connection is given up within 2 s. */
const probeMs = 300;
const patience = 4;
const attemptMs = 2_000;
const firstWaitMs = 50;
const longestWaitMs = 1_000;

/** Sends notices in the transaction of `db`: they arrive if and only if it commits. */
export async function notify(
  db: Kysely<Tables>,
  kind: string,
  payloads: readonly JsonObject[],
): Promise<void> {
  const texts = payloads.map((payload) => noticeText(kind, payload));
  await sql`select pg_notify(${channel}, one) from unnest(${texts}::text[]) as one`.execute(db);
}

/** A notice as PostgreSQL carries it, on the channel `gatehouse`. @throws RangeError beyond 7900 bytes. */
export function noticeText(kind: string, payload: JsonObject): string {
  const text = JSON.stringify({ ...payload, kind });
  if (Buffer.byteLength(text) <= mostBytes) return text;
  throw new RangeError(`a notice has at most ${mostBytes} bytes`);
}

/** Listens from now on; resolves after the first attempt, whether or not it reached the server. */
export async function openNotices(options: NoticesOptions): Promise<Notices> {
  const line = new NoticeLine(options);
  await line.open();
  return line;
}

class NoticeLine implements Notices {
  readonly #options: NoticesOptions;
  readonly #heard = new Map<string, Set<(payload: JsonObject) => void>>();
  readonly #gaps = new Set<() => void>();
  #client: pg.Client | null = null;
  #ready = false;
  /** A probe is late: what was told since may be late too. */
  #late = false;
  #told = true;
  #closed = false;
  #waitMs = firstWaitMs;
  #cancel: () => void = () => {};

  constructor(options: NoticesOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#ready && !this.#late;
  }

  async send(kind: string, payload: JsonObject): Promise<void> {
    const text = noticeText(kind, payload);
    try {
      await this.#options.pool.query('select pg_notify($1, $2)', [channel, text]);
    } catch (cause) {
      const message = 'the other processes cannot be told while the database is away';
      throw new GatehouseError('store_unavailable', message, { cause });
    }
  }

  listen(kind: string, heard: (payload: JsonObject) => void): () => void {
    const all = this.#heard.get(kind) ?? new Set();
    this.#heard.set(kind, all.add(heard));
    return () => void all.delete(heard);
  }

  onGap(run: () => void): () => void {
    this.#gaps.add(run);
    return () => void this.#gaps.delete(run);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    const client = this.#client;
    this.#client = null;
    this.#ready = false;
    if (client === null) return;
    const hurry = this.#options.clock.after(1_000, () => cut(client));
    await client.end().catch(() => {});
    hurry();
  }

  async open(): Promise<void> {
    const client = this.#newClient();
    this.#client = client;
    client.on('error', ({ message }) => this.#lose(client, message));
    client.on('end', () => this.#lose(client, 'the server ended it'));
    client.on('notification', ({ payload = '' }) => this.#hear(payload));
    let why = 'no answer';
    const late = this.#options.clock.after(attemptMs, () => this.#lose(client, why));
    try {
      await client.connect();
      await client.query(`set idle_session_timeout = 0; listen ${channel}`);
      why = 'they do not arrive; is there a pooler in between that shares connections?';
      await echo(client);
    } catch (error) {
      this.#lose(client, (error as Error).message);
    } finally {
      late();
    }
    if (this.#client === client) this.#begin(client);
  }

  #newClient(): pg.Client {
    const { options } = this.#options.pool;
    // The pool hides its password from copies.
    const { password } = options;
    const own = { application_name: 'gatehouse notices', connectionTimeoutMillis: attemptMs };
    return new pg.Client({ ...options, ...(password === undefined ? {} : { password }), ...own });
  }

  #begin(client: pg.Client): void {
    this.#ready = true;
    this.#late = false;
    this.#waitMs = firstWaitMs;
    if (!this.#told) this.#options.log('notices between processes arrive again');
    this.#told = true;
    for (const run of this.#gaps) this.#run(run);
    this.#watch(client);
  }

  // A connection whose other end is gone says nothing; only a question finds out.
  #watch(client: pg.Client): void {
    const { clock } = this.#options;
    let missed: number | null = null;
    const tick = () => {
      if (this.#client !== client) return;
      if (missed === null) {
        missed = 0;
        const answered = () => {
          missed = null;
          if (this.#client === client) this.#late = false;
        };
        client.query('select 1').then(answered, ({ message }) => this.#lose(client, message));
      } else {
        missed += 1;
        this.#late = true;
        if (missed === patience) return this.#lose(client, 'no answer');
      }
      this.#cancel = clock.after(probeMs, tick);
    };
    this.#cancel = clock.after(probeMs, tick);
  }

  #lose(client: pg.Client, why: string): void {
    if (this.#client !== client) return;
    this.#client = null;
    this.#ready = false;
    this.#cancel();
    cut(client);
    if (this.#closed) return;
    if (this.#told) {
      const line = `notices between processes are lost (${why}); the database is asked instead`;
      this.#options.log(line);
    }
    this.#told = false;
    this.#cancel = this.#options.clock.after(this.#waitMs, () => void this.open());
    this.#waitMs = Math.min(this.#waitMs * 2, longestWaitMs);
  }

  #hear(text: string): void {
    let payload: JsonObject;
    try {
      payload = JSON.parse(text);
    } catch {
      return;
    }
    if (typeof payload !== 'object' || payload === null) return;
    const { kind } = payload;
    if (typeof kind !== 'string') return;
    for (const heard of this.#heard.get(kind) ?? []) this.#run(() => heard(payload));
  }

  #run(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#options.log(`a listener of notices failed: ${(thrown as Error).message}`);
    }
  }
}

/**
 * Resolves when a notice that the connection sends came back to it. Some poolers take LISTEN and
 * deliver nothing.
 */
async function echo(client: pg.Client): Promise<void> {
  const text = noticeText('echo', {});
  const back = new Promise<void>((done, fail) => {
    client.once('end', () => fail(new Error('the server ended it')));
    client.on('notification', function hear({ payload }) {
      if (payload !== text) return;
      client.off('notification', hear);
      done();
    });
  });
  await Promise.all([client.query('select pg_notify($1, $2)', [channel, text]), back]);
}

function cut(client: pg.Client): void {
  (client as unknown as Wire).connection.stream.destroy();
}

// The type of `pg` leaves out the connection of a client.
interface Wire {
  readonly connection: { readonly stream: { destroy(): void } };
}
