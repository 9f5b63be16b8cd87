import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '../src/store/index.ts';
import { cpuOf, descendants } from './cpu.ts';
import type { Done, Order } from './ledger-writer.ts';

/**
 * How fast the log takes entries, with full durability, on the embedded server in a temporary
 * folder: `node bench/ledger.ts [--seconds 3] [--json]`.
 */
interface Row {
  readonly processes: number;
  readonly batch: number;
  readonly body: number;
  readonly entriesPerSecond: number;
  /** CPU microseconds an entry: of the product's processes, and of PostgreSQL's. */
  readonly productUs: number;
  readonly postgresUs: number;
}

const seconds = Number(argument('--seconds') ?? 3);
const cases: readonly (Omit<Order, 'seconds'> & { readonly processes: number })[] = [
  { processes: 1, batch: 1, body: 0 },
  { processes: 1, batch: 16, body: 0 },
  { processes: 1, batch: 64, body: 0 },
  { processes: 1, batch: 200, body: 0 },
  { processes: 2, batch: 64, body: 0 },
  { processes: 2, batch: 200, body: 0 },
  { processes: 1, batch: 1, body: 1500 },
  { processes: 1, batch: 16, body: 1500 },
  { processes: 1, batch: 200, body: 1500 },
];

const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
const store = await openStore({ dataDir, log: () => {} });
try {
  await report(store);
} finally {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
}

async function report(on: Store): Promise<void> {
  const { rows } = await on.pool.query(
    `select pg_backend_pid() as pid, current_setting('fsync') as fsync`,
  );
  const postmaster = parentOf(rows[0].pid);
  const { host, user, password, database } = on.pool.options;
  const url = `postgres://${user}:${password}@${encodeURIComponent(host ?? '')}/${database}`;
  const results: Row[] = [];
  for (const one of cases) results.push(await measure(url, postmaster, one));
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ fsync: rows[0].fsync, results }, null, 2)}\n`);
    return;
  }
  process.stdout.write(
    `PostgreSQL at work: fsync ${rows[0].fsync}; entries of about 600 bytes\n\n`,
  );
  process.stdout.write('processes  batch  body bytes  entries/s  product us  PostgreSQL us\n');
  for (const row of results) {
    const cells = [
      String(row.processes).padStart(9),
      String(row.batch).padStart(5),
      String(row.body).padStart(10),
      row.entriesPerSecond.toFixed(0).padStart(9),
      row.productUs.toFixed(1).padStart(10),
      row.postgresUs.toFixed(1).padStart(13),
    ];
    process.stdout.write(`${cells.join('  ')}\n`);
  }
}

async function measure(
  url: string,
  postmaster: number,
  { processes, ...order }: (typeof cases)[number],
): Promise<Row> {
  const writers = await Promise.all(Array.from({ length: processes }, () => writer(url)));
  // Warm: the first turns pay for compilation and for what PostgreSQL plans once.
  await Promise.all(writers.map((one) => told(one, { ...order, seconds: 1 })));
  const before = postgresCpu(postmaster);
  const done = await Promise.all(writers.map((one) => told(one, { ...order, seconds })));
  const postgresMs = postgresCpu(postmaster) - before;
  for (const one of writers) one.disconnect();
  const entries = done.reduce((sum, one) => sum + one.entries, 0);
  return {
    processes,
    batch: order.batch,
    body: order.body,
    entriesPerSecond: done.reduce((sum, one) => sum + one.entries / one.seconds, 0),
    productUs: (done.reduce((sum, one) => sum + one.cpuMs, 0) * 1000) / entries,
    postgresUs: (postgresMs * 1000) / entries,
  };
}

async function writer(url: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'ledger-writer.ts'), [url], { stdio: 'inherit' });
  await once(child, 'message');
  return child;
}

async function told(child: ChildProcess, order: Order): Promise<Done> {
  const answer = once(child, 'message');
  child.send(order);
  return (await answer)[0] as Done;
}

// The server, its writers and the backends of all connections.
function postgresCpu(postmaster: number): number {
  return [postmaster, ...descendants(postmaster)].reduce((sum, pid) => sum + cpuOf(pid), 0);
}

function parentOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
}

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}
