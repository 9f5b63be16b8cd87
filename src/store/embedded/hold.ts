import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { GatehouseError } from '../../kernel/index.ts';
import { alive } from './process.ts';
import type { Access } from './server.ts';

/** The claim of one process on an embedded server. */
export interface Hold {
  /** Resolves when the claim is lost, with its connection. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

// The bytes of `gate` and `hold` as numbers.
const lock = [1734440037, 1752132708] as const;
const callName = /^gatehouse, process (\d+)$/;

/**
 * Claims the data folder for this process: an advisory lock on a connection of its own. It needs
 * no file that could go stale, since the kernel closes the connection of whoever is killed.
 *
 * @throws GatehouseError `store_unavailable` naming the process that holds it.
 */
export async function takeHold(access: Access, dataDir: string): Promise<Hold> {
  const application_name = `gatehouse, process ${process.pid}`;
  const client = new pg.Client({
    ...access,
    database: 'postgres',
    application_name,
    keepAlive: true,
  });
  const lost = new Promise<void>((resolve) => {
    client.on('error', () => resolve());
    client.on('end', () => resolve());
  });
  await client.connect();
  try {
    // A holder that was killed a moment ago: the server has yet to notice.
    for (const until = Date.now() + 10_000; !(await tryLock(client)); await sleep(20)) {
      const holder = await holderOf(client);
      if (holder !== null && (alive(holder) || Date.now() > until)) throw taken(dataDir, holder);
    }
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
  return { lost, release: () => client.end().catch(() => {}) };
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const answer = await client.query('select pg_try_advisory_lock($1, $2) as had', [...lock]);
  return answer.rows[0].had;
}

// Null: it let go between the two questions.
async function holderOf(client: pg.Client): Promise<number | null> {
  const { rows } = await client.query(
    `select a.application_name as name from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.classid = $1 and l.objid = $2 and l.granted`,
    [...lock],
  );
  const pid = callName.exec(rows[0]?.name ?? '')?.[1];
  return pid === undefined ? null : Number(pid);
}

function taken(dataDir: string, holder: number): GatehouseError {
  const message = `another gatehouse, process ${holder}, uses \`${dataDir}\`; stop it, or give this one a data folder of its own`;
  return new GatehouseError('store_unavailable', message);
}
