import { createClient } from '@redis/client';
import { type Clock, GatehouseError } from '../kernel/index.ts';

/** A count of one window: its name, how far it may go, and when its window ends. */
export interface Count {
  readonly key: string;
  readonly limit: number;
  /** Milliseconds until nobody asks for it any more; null: never. */
  readonly livesMs: number | null;
}

/** Counts that processes share. */
export interface SharedCounter {
  /** Resolves when the server was reached, or a second later without: it is tried on behind this. */
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

// All or none, in one step of the server. Redis runs a script alone.
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
 * INVARIANT: one call at most waits `timeoutMs` for a server that fell silent. From then on the
 * answer is null at once, until a question in the background was answered in time.
 *
 * @throws GatehouseError `bad_config` for an address that cannot be read.
 */
export function openRedisCounter(options: RedisCounterOptions): SharedCounter {
  const { clock, log, timeoutMs = 50 } = options;
  const client = clientAt(options.url);
  const within = <T>(work: Promise<T>, ms: number) => inTime(clock, work, ms);
  let silent = false;
  let closed = false;
  let cancelProbe = () => {};
  let told: 'away' | 'back' = 'back';
  const tell = (now: typeof told) => {
    if (told === now || closed) return;
    told = now;
    log(
      now === 'away'
        ? 'the counter of requests is away (redis)'
        : 'the counter of requests is back',
    );
  };
  // Its message may hold the address; that it happened is enough.
  client.on('error', () => tell('away'));
  client.on('ready', () => {
    if (!silent) tell('back');
  });
  const fellSilent = () => {
    if (silent || closed) return;
    silent = true;
    tell('away');
    probe();
  };
  const probe = () => {
    cancelProbe = clock.after(probeEveryMs, () => {
      const asked = client.isReady ? within(client.ping(), timeoutMs) : Promise.reject();
      asked.then(() => {
        silent = false;
        tell('back');
      }, probe);
    });
  };
  const connecting = client.connect().catch(() => {});
  return {
    ready: within(connecting, firstWaitMs).then(
      () => {},
      () => {},
    ),
    async take(counts) {
      if (silent || !client.isReady) return null;
      try {
        return await within(run(client, counts), timeoutMs);
      } catch {
        fellSilent();
        return null;
      }
    },
    async close() {
      closed = true;
      cancelProbe();
      client.destroy();
    },
  };
}

type Client = ReturnType<typeof clientAt>;

async function run(client: Client, counts: readonly Count[]): Promise<number> {
  const full = await client.eval(script, {
    keys: counts.map(({ key }) => prefix + key),
    arguments: counts.flatMap(({ limit, livesMs }) => [String(limit), String(livesMs ?? 0)]),
  });
  if (typeof full === 'number') return full;
  throw new TypeError('the counter answered no number');
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
        reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 2_000),
      },
    });
  } catch (cause) {
    const message =
      'the address of the counter of requests cannot be read; write it as `redis://user:password@host:6379`';
    throw new GatehouseError('bad_config', message, { cause });
  }
}

function inTime<T>(clock: Clock, work: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new Error('no answer in time')));
    work.then(resolve, reject).finally(cancel);
  });
}
