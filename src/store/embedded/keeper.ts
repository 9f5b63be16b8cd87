import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { toGatehouseError } from '../../kernel/index.ts';
import { role } from './cluster.ts';
import { takeHold } from './hold.ts';
import { type Access, type Server, type ServerOptions, startServer } from './server.ts';

/** An embedded server that this process holds alone and brings back when it dies. */
export interface Keeper {
  readonly access: Access;
  /** Names server, version and folder. */
  describe(): string;
  /** Ends the server and gives the data folder free. */
  close(): Promise<void>;
}

/**
 * Starts or adopts the server, claims its data folder, makes the product's database, and keeps the
 * server up: when it dies it is started again, and meanwhile queries fail.
 *
 * `onUsurped` is called when another Gatehouse took the folder in such a moment: this one must
 * stop using it.
 *
 * @throws GatehouseError `store_unavailable` when the server does not start or is held by another.
 */
export async function keepServer(
  options: ServerOptions & { readonly onUsurped: () => void },
): Promise<Keeper> {
  const { dataDir, log } = options;
  let server = await startServer(options);
  if (server.adopted) log(`adopted the PostgreSQL that was left running (process ${server.pid})`);
  let hold = await takeHold(server.access, dataDir);
  let closing = false;
  await ensureDatabase(server).catch(async (error) => {
    await server.stop();
    throw error;
  });
  const watching = watch();

  async function watch(): Promise<void> {
    for (;;) {
      await hold.lost;
      if (closing) return;
      log('the embedded database went away; starting it again');
      if (!(await regain())) return;
    }
  }

  async function regain(): Promise<boolean> {
    for (let wait = 100; !closing; wait = Math.min(wait * 2, 10_000)) {
      try {
        server = await startServer(options);
        hold = await takeHold(server.access, dataDir);
        if (closing) return await leave();
        log(`the embedded database is back (process ${server.pid})`);
        return true;
      } catch (error) {
        const { message } = toGatehouseError(error);
        log(message);
        if (message.startsWith('another gatehouse')) {
          options.onUsurped();
          return false;
        }
        await sleep(wait, undefined, { ref: false });
      }
    }
    return false;
  }

  // The server ends the hold's connection itself: letting go first would let another start in on a
  // server that is about to stop.
  async function leave(): Promise<false> {
    await server.stop();
    await hold.release();
    return false;
  }

  return {
    access: server.access,
    describe: () => `embedded PostgreSQL ${/^\d+\.\d+/.exec(server.version)} in ${server.folder}`,
    async close() {
      closing = true;
      await leave();
      await watching;
    },
  };
}

async function ensureDatabase({ access }: Server): Promise<void> {
  const client = new pg.Client({ ...access, database: 'postgres' });
  client.on('error', () => {});
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [role]);
    if (found.rowCount === 0) await client.query(`create database ${role}`);
  } finally {
    await client.end();
  }
}
