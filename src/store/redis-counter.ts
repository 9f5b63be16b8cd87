import { createClient } from '@redis/client';
import { type Clock, GatehouseError } from '../kernel/index.ts';

/** A count of one window: its name, how far it may go, and how long anybody asks for it. */
export interface Count {
  readonly key: string;
  readonly limit: number;
  /** Milliseconds; null: for ever. */
  readonly livesMs: number | null;
}

/** Counts that processes share. */
export interface SharedCounter {
  /** Resolves when the server was reached, or could not be: it is tried on in the background. */
  readonly ready: Promise<void>;
  /**
   * Adds one to each count, or to none if one is full. Answers 0, or the place of the first full one
   * from 1; null, at once, while the server is away.
   */
  take(counts: readonly Count[]): Promise<number | null>;
  close(): Promise<void>;
}

export interface RedisCounterOptions {
  /** `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  readonly url: string;
  readonly clock: Clock;
  /** How long an answer may take, in milliseconds; 50 by default. */
  readonly timeoutMs?: number;
  /** Told when the server goes and comes back. */
  readonly log: (line: string) => void;
}

// All or none, in one step of the server: Redis runs a script alone.
const script = `
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[2 * i - 1]) then return i end
end
for i, key in ipairs(KEYS) do
  local count = redis.call('INCRBY', key, 1)
  local lives = tonumber(ARGV[2 * i])
  if count == 1 and lives > 0 then redis.call('PEXPIRE', key, lives) end
end
return 0`;

// One hash tag, so that the counts of a call lie together on a server that shards.
const prefix = '{gatehouse}';
const probeEveryMs = 1_000;
const firstWaitMs = 1_000;

/**
 * Opens counts on a Redis or Valkey server, which is reached in the background.
 *
 * @throws GatehouseError `bad_config` for an address that cannot be read.
 */
export function openRedisCounter(options: RedisCounterOptions): SharedCounter {
  return new RedisCounter(options);
}

/**
 * INVARIANT: only calls that are under way when the server falls silent wait for it, `timeoutMs`
 * each. From then on the answer is null at once, until a ping in the background was answered in time.
 */
class RedisCounter implements SharedCounter {
  readonly ready: Promise<void>;
  readonly #client: ReturnType<typeof clientAt>;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #log: (line: string) => void;
  #silent = false;
  #away = false;
  #closed = false;
  #cancelProbe: () => void = () => {};

  constructor({ url, clock, timeoutMs = 50, log }: RedisCounterOptions) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#log = log;
    const client = clientAt(url);
    this.#client = client;
    const first = new Promise<void>((done) => {
      // The message of an error may hold the address; that there was one is enough.
      client.on('error', () => {
        this.#tell(true);
        done();
      });
      client.on('ready', () => {
        if (!this.#silent) this.#tell(false);
        done();
      });
    });
    client.connect().catch(() => {});
    this.ready = this.#within(first, firstWaitMs).catch(() => {});
  }

  async take(counts: readonly Count[]): Promise<number | null> {
    if (this.#silent || !this.#client.isReady) return null;
    try {
      return await this.#within(this.#run(counts), this.#timeoutMs);
    } catch {
      this.#fellSilent();
      return null;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelProbe();
    this.#client.destroy();
  }

  async #run(counts: readonly Count[]): Promise<number> {
    const full = await this.#client.eval(script, {
      keys: counts.map(({ key }) => prefix + key),
      arguments: counts.flatMap(({ limit, livesMs }) => [String(limit), String(livesMs ?? 0)]),
    });
    if (typeof full === 'number') return full;
    throw new TypeError('the counter answered no number');
  }

  #fellSilent(): void {
    if (this.#silent || this.#closed) return;
    this.#silent = true;
    this.#tell(true);
    this.#probe();
  }

  #probe(): void {
    if (this.#closed) return;
    this.#cancelProbe = this.#clock.after(probeEveryMs, () => {
      this.#asked().then(
        () => {
          this.#silent = false;
          this.#tell(false);
        },
        () => this.#probe(),
      );
    });
  }

  async #asked(): Promise<void> {
    if (!this.#client.isReady) throw new Error('not connected');
    await this.#within(this.#client.ping(), this.#timeoutMs);
  }

  #tell(away: boolean): void {
    if (this.#away === away || this.#closed) return;
    this.#away = away;
    this.#log(`the counter of requests (redis) is ${away ? 'away' : 'back'}`);
  }

  #within<T>(work: Promise<T>, ms: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(ms, () => reject(new Error('no answer in time')));
      work.then(resolve, reject).finally(cancel);
    });
  }
}

function clientAt(url: string) {
  try {
    return createClient({
      url,
      // What cannot be sent now is not counted later.
      disableOfflineQueue: true,
      commandsQueueMaxLength: 10_000,
      pingInterval: 3_000,
      socket: {
        connectTimeout: 2_000,
        // A connection on which not even pings are answered is replaced.
        socketTimeout: 10_000,
        reconnectStrategy: (retries) => Math.min(50 * 2 ** Math.min(retries, 10), 2_000),
      },
    });
  } catch (cause) {
    const message =
      'the address of the counter of requests cannot be read; write it as `redis://user:password@host:6379`';
    throw new GatehouseError('bad_config', message, { cause });
  }
}
