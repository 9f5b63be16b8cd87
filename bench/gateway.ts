import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Load, Seen } from './load.ts';
import { startBare, startGatehouse, startPortkey, startUpstream, type Target } from './target.ts';

/**
 * Direct upstream, a bare proxy, Gatehouse with all controls on and the record durable, the same with
 * four quotas, and Portkey's gateway, one after the other on one machine: `npm run bench [-- --seconds 5] [-- --json]`.
 */
interface Row {
  readonly target: string;
  /** `paced`: a stream as a model types it; the others come at once. */
  readonly kind: 'json' | 'sse' | 'paced';
  readonly connections: number;
  readonly rps: number;
  readonly p50: number;
  readonly p99: number;
  readonly first50: number;
  readonly first99: number;
  /** CPU milliseconds a request, by kind of process. */
  readonly cpu: Readonly<Record<string, number>>;
  readonly failures: number;
  readonly firstFailure: string;
}

const prompt =
  'Please summarise the following note for the weekly report. The customer asked about the ' +
  'delivery date of the second batch, and whether the invoice can be split by department. ';

async function measure(target: Target, kind: Row['kind'], load: Load): Promise<Row> {
  const child = fork(join(import.meta.dirname, 'load.ts'), { stdio: 'inherit' });
  let before = target.cpu();
  const seen = await new Promise<Seen>((settle) => {
    child.on('message', (message) => {
      const said = message as { readonly warm?: true; readonly seen?: Seen };
      if (said.warm === true) before = target.cpu();
      if (said.seen !== undefined) settle(said.seen);
    });
    child.send(load);
  });
  const after = target.cpu();
  child.kill();
  const done = Math.max(1, seen.requests);
  const cpu = Object.fromEntries(
    Object.entries(after).map(([name, used]) => [name, (used - (before[name] ?? 0)) / done]),
  );
  return {
    target: target.name,
    kind,
    connections: load.connections,
    rps: seen.requests / seen.seconds,
    p50: at(seen.total, 0.5),
    p99: at(seen.total, 0.99),
    first50: at(seen.first, 0.5),
    first99: at(seen.first, 0.99),
    cpu,
    failures: seen.failures,
    firstFailure: seen.firstFailure,
  };
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function loadOf(target: Target, kind: Row['kind'], connections: number, seconds: number): Load {
  const messages = [
    { role: 'system', content: 'You are a helpful assistant.' },
    { role: 'user', content: prompt.repeat(3) },
  ];
  const paced = kind === 'paced' ? { user: 'paced' } : {};
  const stream = kind !== 'json';
  const body = JSON.stringify({ model: target.model, messages, stream, ...paced });
  return {
    url: target.url,
    path: '/v1/chat/completions',
    headers: { ...target.headers, 'content-type': 'application/json' },
    body,
    connections,
    seconds,
    warmSeconds: 1,
  };
}

function table(rows: readonly Row[]): string {
  const head =
    '| target | kind | conn | req/s | p50 ms | p99 ms | first p50 ms | first p99 ms | CPU ms/req | failed |\n' +
    '|---|---|--:|--:|--:|--:|--:|--:|---|--:|\n';
  return (
    head +
    rows
      .map((row) => {
        const cpu = Object.entries(row.cpu).map(([name, ms]) => `${name} ${ms.toFixed(3)}`);
        const figures = [row.p50, row.p99, row.first50, row.first99].map((ms) => ms.toFixed(2));
        return `| ${row.target} | ${row.kind} | ${row.connections} | ${row.rps.toFixed(0)} | ${figures.join(' | ')} | ${cpu.join(', ')} | ${row.failures} |`;
      })
      .join('\n')
  );
}

function ratios(rows: readonly Row[]): string {
  const lines = rows
    .filter(({ target }) => target === 'gatehouse' || target === 'quotas')
    .map((row) => {
      const same = (name: string) =>
        rows.find(
          (one) =>
            one.target === name && one.kind === row.kind && one.connections === row.connections,
        );
      const portkey = same('portkey');
      const direct = same('direct');
      const rate = portkey && portkey.rps > 0 ? `${(row.rps / portkey.rps).toFixed(1)}x` : 'n/a';
      const first = direct ? (row.first50 - direct.first50).toFixed(2) : 'n/a';
      const least = same('bare');
      const above = least ? (row.cpu['product'] ?? 0) - (least.cpu['product'] ?? 0) : Number.NaN;
      return `| ${row.target} | ${row.kind} | ${row.connections} | ${rate} | ${first} | ${above.toFixed(3)} |`;
    });
  return `| target | kind | conn | rate against Portkey | first byte p50 above direct, ms | CPU above a bare proxy, ms/req |\n|---|---|--:|--:|--:|--:|\n${lines.join('\n')}`;
}

async function main(): Promise<void> {
  const flag = process.argv.indexOf('--seconds');
  const seconds = flag < 0 ? 5 : Number(process.argv[flag + 1]);
  const upstream = await startUpstream();
  const gatehouse = await startGatehouse(upstream.port);
  const portkey = await startPortkey(upstream.port);
  if (typeof portkey === 'string') process.stderr.write(`portkey left out: ${portkey}\n`);
  const bare = await startBare(upstream.port);
  const metered = await startGatehouse(upstream.port, true);
  const targets = [
    upstream,
    bare,
    gatehouse,
    metered,
    ...(typeof portkey === 'string' ? [] : [portkey]),
  ];
  const rows: Row[] = [];
  try {
    for (const kind of ['json', 'sse', 'paced'] as const) {
      for (const connections of [1, 16, 64]) {
        for (const target of targets) {
          const load = loadOf(target, kind, connections, seconds);
          const row = await measure(target, kind, load);
          rows.push(row);
          const note = row.failures > 0 ? ` (${row.failures} failed: ${row.firstFailure})` : '';
          process.stderr.write(
            `${row.target} ${kind} ${connections}: ${row.rps.toFixed(0)}/s${note}\n`,
          );
        }
      }
    }
  } finally {
    for (const target of targets) await target.close();
  }
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else process.stdout.write(`${table(rows)}\n\n${ratios(rows)}\n`);
}

await main();
