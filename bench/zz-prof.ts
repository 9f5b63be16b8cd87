import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { openStore } from '/work/main/src/store/index.ts';

const dataDir = mkdtempSync('/tmp/gatehouse-prof-');
const store = await openStore({ dataDir, log: () => {} });
const { host, user, password, database } = store.pool.options as any;
const url = `postgres://${user}:${password}@${encodeURIComponent(host)}/${database}`;
const c = fork('/work/main/bench/ledger-writer.ts', [url], {
  execArgv: ['--cpu-prof', '--cpu-prof-dir=/tmp/prof'],
  stdio: 'inherit',
});
await once(c, 'message');
for (const s of [1, 4]) {
  c.send({ batch: Number(process.argv[2]), seconds: s, body: Number(process.argv[3] ?? 0) });
  console.log((await once(c, 'message'))[0]);
}
c.disconnect();
await once(c, 'exit');
await store.close();
rmSync(dataDir, { recursive: true });
