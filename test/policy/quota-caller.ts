import { createInterface } from 'node:readline';
import { openStore } from '../../src/store/index.ts';
import { testLedger } from '../ledger/world.ts';
import { caller, claimed, model, reserved, testQuotas } from './quota-world.ts';
import { raceQuotas } from './race-quotas.ts';

// A process of its own with callers that race for quotas. Each line it reads is a command:
// `race NAME CALLERS TURNS` lets so many callers ask and settle at once, each so often, in the name
// of one agent; `hold NAME CALLS` reserves and says no more. Each is answered with one line.

const [url = ''] = process.argv.slice(2);
const store = await openStore({ url, dataDir: '', log: () => {}, poolSize: 3 });
const quotas = testQuotas(store, raceQuotas);
await quotas.start();
const ledger = await testLedger(store, { claimers: quotas.claimers });

const tally = { granted: 0, refused: 0, used: 0 };

const ask = async (name: string, input: number, output: number) => {
  const principal = caller(name, { owner: 'race' });
  const reservation = quotas.reserve({ principal, model, input, output });
  return (await reserved(ledger, reservation)) ? reservation : null;
};

// Always less than was held, so that no limit may ever be passed.
async function turns(name: string, who: number, count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    const size = 20 + ((who * 7 + turn * 13) % 60);
    const reservation = await ask(name, size, size);
    if (reservation === null) {
      tally.refused++;
      continue;
    }
    tally.granted++;
    const used = { kind: 'used', input: size - 5, output: who % 9, cached: 3 } as const;
    const outcome = who % 5 === 0 ? ({ kind: 'none' } as const) : used;
    if (outcome.kind === 'used') tally.used += outcome.input + outcome.output;
    await claimed(ledger, reservation.settle(outcome));
  }
}

async function answer(line: string): Promise<string> {
  const [command, name = '', count = '0', each = '1'] = line.split(' ');
  Object.assign(tally, { granted: 0, refused: 0, used: 0 });
  const all = Array.from({ length: Number(count) }, (_, who) => who);
  if (command === 'race') await Promise.all(all.map((who) => turns(name, who, Number(each))));
  else for (const _ of all) if ((await ask(name, 10, 20)) !== null) tally.granted++;
  return JSON.stringify(tally);
}

process.stdout.write('open\n');
for await (const line of createInterface(process.stdin)) {
  process.stdout.write(`${await answer(line)}\n`);
}
await ledger.close();
await quotas.close();
await store.close();
