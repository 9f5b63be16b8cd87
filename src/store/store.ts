import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { GatehouseError } from '../kernel/index.ts';
import { role } from './embedded/cluster.ts';
import { keepServer } from './embedded/keeper.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/all.ts';
import { openPool } from './pool.ts';
import type { Tables } from './tables.ts';

/** The database, with its schema in place. */
export interface Store {
  readonly db: Kysely<Tables>;
  /** The pool under `db`, for transactions of several statements and for speed. */
  readonly pool: pg.Pool;
  /** True where Gatehouse runs the server itself. */
  readonly embedded: boolean;
  /** Which server this is, without a password. */
  describe(): string;
  /** Waits for what runs, then closes the pool and ends an embedded server. A second call does nothing. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** A PostgreSQL server of version 15 or later (`postgres://…`). Absent: the embedded one. */
  readonly url?: string;
  /** The product's data folder; the embedded server lives in `postgres/` inside it. */
  readonly dataDir: string;
  /** Told what takes long or goes wrong, in lines for a person. */
  readonly log: (line: string) => void;
  /** Connections at most; 8 by default. */
  readonly poolSize?: number;
}

const oldestVersion = 150_000;

/**
 * Opens the store: reaches the server named by `url` or starts the embedded one, and brings the
 * schema up to date. The same SQL runs on both.
 *
 * @throws GatehouseError `store_unavailable`, naming the server and what to do.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  return options.url === undefined ? openEmbedded(options) : openServer(options, options.url);
}

async function openEmbedded({ dataDir, log, poolSize = 8 }: StoreOptions): Promise<Store> {
  const onUsurped = () => void pool?.end().catch(() => {});
  let pool: pg.Pool | undefined;
  const keeper = await keepServer({ dataDir, log, onUsurped });
  try {
    pool = openPool({ ...keeper.access, database: role }, poolSize, log);
    await migrate(pool, migrations);
    return storeOf(pool, true, keeper.describe, keeper.close);
  } catch (error) {
    await pool?.end();
    await keeper.close();
    throw error;
  }
}

async function openServer(options: StoreOptions, url: string): Promise<Store> {
  const name = nameOf(url);
  const pool = openPool({ connectionString: url }, options.poolSize ?? 8, options.log);
  try {
    await checkServer(pool, name);
    const applied = await migrate(pool, migrations);
    if (applied.length > 0) options.log(`prepared the schema at ${name}`);
    return storeOf(
      pool,
      false,
      () => `PostgreSQL at ${name}`,
      async () => {},
    );
  } catch (error) {
    await pool.end();
    throw error;
  }
}

function storeOf(
  pool: pg.Pool,
  embedded: boolean,
  describe: () => string,
  after: () => Promise<void>,
): Store {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  let closed: Promise<void> | undefined;
  async function close(): Promise<void> {
    if (!pool.ended && !pool.ending) await pool.end();
    await after();
  }
  return {
    db,
    pool,
    embedded,
    describe,
    close() {
      closed ??= close();
      return closed;
    },
  };
}

// What the client itself makes of the address, since it is lenient where a URL parser is not.
function nameOf(url: string): string {
  try {
    const { user, host, port, database } = new pg.Client({ connectionString: url });
    return `${user}@${host}:${port}/${database}`;
  } catch (cause) {
    const message =
      'the database address cannot be read; write it as `postgres://user:password@host:5432/database`';
    throw new GatehouseError('store_unavailable', message, { cause });
  }
}

async function checkServer(pool: pg.Pool, name: string): Promise<void> {
  let version: number;
  try {
    const { rows } = await pool.query(`select current_setting('server_version_num')::int as it`);
    version = rows[0].it;
  } catch (cause) {
    const message = `the database \`${name}\` cannot be reached (${(cause as Error).message}); check that it runs, its address in DATABASE_URL and the password`;
    throw new GatehouseError('store_unavailable', message, { cause });
  }
  if (version < oldestVersion) {
    const message = `the database \`${name}\` is PostgreSQL ${Math.floor(version / 10_000)}; gatehouse needs 15 or later`;
    throw new GatehouseError('store_unavailable', message);
  }
}
