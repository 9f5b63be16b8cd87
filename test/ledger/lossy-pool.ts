import type pg from 'pg';

/** Where a connection breaks: before a statement is sent, or after it ran and before its answer. */
export type Moment = 'before' | 'after';

/** A pool over which one statement meets a broken connection. */
export interface LossyPool {
  readonly pool: pg.Pool;
  /** The next `times` statements that match lose their connection at this moment. */
  lose(match: RegExp, moment: Moment, times?: number): void;
  /** How often that happened. */
  readonly lost: number;
}

interface Wire {
  readonly connection: { readonly stream: { destroy(): void } };
}

type Query = (...args: unknown[]) => Promise<unknown>;

/** Breaks real connections to a real server, just where a test says. */
export function lossyPool(pool: pg.Pool): LossyPool {
  let plan: { match: RegExp; moment: Moment; times: number } | null = null;
  let lost = 0;
  const cut = async (client: pg.PoolClient) => {
    const gone = new Promise((done) => client.once('end', done));
    (client as unknown as Wire).connection.stream.destroy();
    await gone;
    lost++;
    throw new Error('Connection terminated unexpectedly');
  };
  const lossy = (client: pg.PoolClient): pg.PoolClient => {
    const query = client.query.bind(client) as unknown as Query;
    const patched: Query = async (...args) => {
      const [what] = args as [string | { text: string }];
      const text = typeof what === 'string' ? what : what.text;
      const hit = plan?.match.test(text) && plan.times-- > 0;
      if (hit && plan?.moment === 'before') return cut(client);
      const answer = await query(...args);
      return hit ? cut(client) : answer;
    };
    return Object.assign(client, { query: patched });
  };
  const connect = async () => lossy(await pool.connect());
  const proxy = new Proxy(pool, {
    get: (target, name) => {
      if (name === 'connect') return connect;
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return {
    pool: proxy,
    get lost() {
      return lost;
    },
    lose(match, moment, times = 1) {
      plan = { match, moment, times };
    },
  };
}
