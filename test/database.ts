import { after, describe } from 'node:test';
import pg from 'pg';
import { openStore, type Store } from '../src/store/index.ts';
import { databaseName, joinServer, type SharedServer } from './server.ts';

/** A database of one test's own. */
export interface TestDatabase {
  readonly url: string;
  /** Drops it with whoever is still connected. A second call does nothing. */
  drop(): Promise<void>;
}

/** A store on a database of one test's own. `close` also drops the database. */
export interface TestStore extends Store {
  readonly url: string;
}

/** A server that suites run on. */
export interface TestServer {
  readonly name: string;
  database(): Promise<TestDatabase>;
  store(poolSize?: number): Promise<TestStore>;
}

let joined: Promise<SharedServer> | undefined;

// At the top of the file, so that it belongs to the whole run of the importing file.
after(async () => {
  const server = await joined;
  joined = undefined;
  await server?.release();
});

/** A fresh, empty database on the shared embedded server. */
export async function testDatabase(): Promise<TestDatabase> {
  joined ??= joinServer();
  const server = await joined;
  const name = databaseName();
  await server.run(`create database ${name}`);
  return {
    url: server.url(name),
    drop: () => server.run(`drop database if exists ${name} with (force)`),
  };
}

/** A store, with its schema, on a fresh database of the shared embedded server. */
export async function testStore(poolSize = 4): Promise<TestStore> {
  return storeOn(await testDatabase(), poolSize);
}

/**
 * Runs a suite on the embedded server and, where GATEHOUSE_TEST_DATABASE_URL names a real one, on
 * that too, in databases that are created and dropped there.
 */
export function forEachDatabase(name: string, suite: (server: TestServer) => void): void {
  for (const server of servers()) describe(`${name} on ${server.name}`, () => suite(server));
}

function servers(): readonly TestServer[] {
  const embedded = serverOf('the embedded server', testDatabase);
  const url = process.env['GATEHOUSE_TEST_DATABASE_URL'];
  if (!url) return [embedded];
  return [embedded, serverOf('GATEHOUSE_TEST_DATABASE_URL', () => databaseAt(url))];
}

function serverOf(name: string, database: () => Promise<TestDatabase>): TestServer {
  return { name, database, store: async (poolSize = 4) => storeOn(await database(), poolSize) };
}

async function storeOn(database: TestDatabase, poolSize: number): Promise<TestStore> {
  const store = await openStore({ url: database.url, dataDir: '', log: () => {}, poolSize });
  return {
    ...store,
    url: database.url,
    async close() {
      await store.close();
      await database.drop();
    },
  };
}

async function databaseAt(server: string): Promise<TestDatabase> {
  const name = databaseName();
  await runAt(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => runAt(server, `drop database if exists ${name} with (force)`),
  };
}

async function runAt(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
