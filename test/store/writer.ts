import { openStore } from '../../src/store/index.ts';

// A process of its own for the store's fault tests: opens the store in the folder it is given (or at
// a URL), says `open`, or `refused` and why, and with `write` inserts rows, one transaction each,
// naming every one that was acknowledged, until it is killed.

const [dataDir = '', mode = '', url] = process.argv.slice(2);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  const log = (line: string) => say(`log ${line}`);
  const store = await openStore({ dataDir, log, ...(url === undefined ? {} : { url }) });
  say('open');
  const insert = `insert into setting values ($1, '1', now())`;
  for (let at = 0; mode === 'write'; at++) {
    await store.pool.query(insert, [`${process.pid}/${at}`]);
    say(`row ${process.pid}/${at}`);
  }
  if (mode === 'once') await store.close();
} catch (error) {
  say(`refused ${(error as Error).message}`);
  process.exitCode = 1;
}
