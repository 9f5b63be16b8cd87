import { createHash, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
// The launcher has no place at the store's door: the product reaches it through openStore alone.
import { type Server, startServer } from '../src/store/embedded/server.ts';

/** The one PostgreSQL that every test of this checkout shares, as long as somebody uses it. */
export interface SharedServer {
  /** The address of a database on it. */
  url(database: string): string;
  /** Runs one statement outside every transaction. */
  run(statement: string): Promise<void>;
  /** Gives up this process's use. The last user removes what is left and ends the server. */
  release(): Promise<void>;
}

// The bytes of `test` as a number. Users hold it shared, who ends the server holds it alone.
const lock = 1952805748;

/**
 * Starts the shared server, or joins it. Test files run in processes of their own: each holds a
 * shared lock on a connection, which the kernel closes when a process dies, so the count of users
 * is right whatever happens. Its data folder stays for the next run; its databases do not.
 */
export async function joinServer(): Promise<SharedServer> {
  const checkout = createHash('sha256')
    .update(import.meta.url)
    .digest('hex')
    .slice(0, 12);
  const dataDir = join(tmpdir(), `gatehouse-test-${process.geteuid?.() ?? 0}-${checkout}`);
  for (let attempts = 0; ; attempts++) {
    const server = await startServer({ dataDir, log: () => {}, disposable: true });
    try {
      return shared(server, await connect(server));
    } catch (error) {
      // The last user ended the server while we were joining.
      if (attempts === 50) throw error;
      await sleep(50);
    }
  }
}

async function connect(server: Server): Promise<pg.Client> {
  const client = new pg.Client({ ...server.access, database: 'postgres' });
  client.on('error', () => {});
  await client.connect();
  await client.query('select pg_advisory_lock_shared($1)', [lock]);
  return client;
}

function shared(server: Server, client: pg.Client): SharedServer {
  const { host, user, password } = server.access;
  return {
    url: (database) => `postgres://${user}:${password}@${encodeURIComponent(host)}/${database}`,
    async run(statement) {
      await client.query(statement);
    },
    async release() {
      await client.query('select pg_advisory_unlock_shared($1)', [lock]);
      const { rows } = await client.query('select pg_try_advisory_lock($1) as last', [lock]);
      if (rows[0].last) {
        await dropLeftovers(client);
        await server.stop();
      }
      await client.end().catch(() => {});
    },
  };
}

async function dropLeftovers(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    `select datname from pg_database where datname like 'test\\_%'`,
  );
  for (const { datname } of rows) await client.query(`drop database ${datname} with (force)`);
}

/** A name for a database that no other test has. */
export function databaseName(): string {
  return `test_${randomBytes(8).toString('hex')}`;
}
