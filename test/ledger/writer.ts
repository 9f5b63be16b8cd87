import { openStore } from '../../src/store/index.ts';
import { body, draft, testLedger } from './world.ts';

// A process of its own for the ledger's fault tests: writes entries to the log at a URL, so many at
// a time, and names each one that was acknowledged, until it wrote `count` or is killed.

const [url = '', name = '', count = '0', inFlight = '1'] = process.argv.slice(2);
const store = await openStore({ url, dataDir: '', log: () => {}, poolSize: 3 });
const ledger = await testLedger(store);
let next = 0;
const write = async () => {
  for (let n = next++; n < Number(count); n = next++) {
    const bodies = n % 10 === 0 ? [body(`${name}/${n}`)] : [];
    const { index } = await ledger.record(draft({ writer: name, n }, { bodies }));
    process.stdout.write(`${index} ${n}\n`);
  }
};
process.stdout.write('open\n');
await Promise.all(Array.from({ length: Number(inFlight) }, write));
await ledger.close();
await store.close();
