import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { forEachDatabase, type TestStore } from '../../../test/database.ts';
import { closeLedgers, testLedger } from '../../../test/ledger/world.ts';
import { type QuotaProcess, quotaProcess } from '../../../test/policy/quota-process.ts';
import { caller, claimed, model, reserved, testQuotas } from '../../../test/policy/quota-world.ts';
import { neverOver, raceQuotas } from '../../../test/policy/race-quotas.ts';
import type { Quotas } from './quotas.ts';

// 64 callers at once on 4 processes. GATEHOUSE_TEST_ROUNDS=1000 runs the long form.
const rounds = Number(process.env['GATEHOUSE_TEST_ROUNDS'] ?? 20);
const processes = 4;
const callers = 16;

forEachDatabase('racing quotas', (server) => {
  let store: TestStore;
  let quotas: Quotas;
  const children: QuotaProcess[] = [];

  before(async () => {
    store = await server.store(8);
    await store.pool.query(neverOver);
    quotas = testQuotas(store, raceQuotas);
    await quotas.start();
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.end()));
    await closeLedgers();
  });
  after(async () => {
    await quotas.close();
    await store.close();
  });

  async function balance(quota: string, holder: string) {
    const [one] = await quotas.standing({ quota, holder });
    return { used: one?.used ?? 0, reserved: one?.reserved ?? 0 };
  }
  async function start(count: number): Promise<QuotaProcess[]> {
    children.push(
      ...(await Promise.all(Array.from({ length: count }, () => quotaProcess(store.url)))),
    );
    return children;
  }
  test('two ledgers in a race for one budget: all of it is had, and no more (M5)', async () => {
    const ledgers = await Promise.all(
      [quotas, quotas].map(({ claimers }) => testLedger(store, { claimers })),
    );
    const asked = Array.from({ length: 64 }, (_, i) => {
      const principal = caller('pair', { owner: `pair-${i}` });
      return quotas.reserve({ principal, model, input: 30, output: 40 });
    });
    const got = await Promise.all(
      asked.map((one, i) => reserved(ledgers[i % 2] as (typeof ledgers)[0], one)),
    );
    assert.equal(got.filter(Boolean).length, 14);
    assert.deepEqual(await balance('tokens', 'pair'), { used: 0, reserved: 980 });
    const outcome = { kind: 'used', input: 1, output: 1, cached: 0 } as const;
    await Promise.all(
      asked.map((one, i) => claimed(ledgers[i % 2] as (typeof ledgers)[0], one.settle(outcome))),
    );
    assert.deepEqual(await balance('tokens', 'pair'), { used: 28, reserved: 0 });
  });

  test(`64 callers on 4 processes, ${rounds} rounds: never over, and settled exactly (M5)`, async () => {
    const all = await start(processes);
    let granted = 0;
    let refused = 0;
    for (let round = 0; round < rounds; round++) {
      const name = `round-${round}`;
      const tallies = await Promise.all(all.map((one) => one.ask(`race ${name} ${callers} 2`)));
      const used = tallies.reduce((sum, tally) => sum + (tally?.used ?? Number.NaN), 0);
      assert.deepEqual(await balance('tokens', name), { used, reserved: 0 });
      assert.deepEqual(await balance('at-once', 'race'), { used: 0, reserved: 0 });
      granted += tallies.reduce((sum, tally) => sum + (tally?.granted ?? 0), 0);
      refused += tallies.reduce((sum, tally) => sum + (tally?.refused ?? 0), 0);
    }
    assert.equal(granted + refused, rounds * processes * callers * 2);
    assert.ok(granted > rounds && refused > rounds, `${granted} granted, ${refused} refused`);
  });

  test('a process killed with calls open: another charges what they cost at least (M5)', async () => {
    const [child] = await start(1);
    const tally = await child?.ask('hold killed 10');
    assert.equal(tally?.granted, 10);
    assert.equal(await quotas.sweep(), 0);
    assert.deepEqual(await balance('tokens', 'killed'), { used: 0, reserved: 300 });
    child?.process.kill('SIGKILL');
    // The server notices a killed process a moment later; the background may sweep before.
    const open = async () => (await balance('at-once', 'race')).reserved;
    for (; (await open()) > 0; await sleep(5)) await quotas.sweep();
    await quotas.sweep();
    assert.deepEqual(await balance('tokens', 'killed'), { used: 100, reserved: 0 });
    assert.deepEqual(await balance('at-once', 'race'), { used: 0, reserved: 0 });
    assert.equal(await quotas.sweep(), 0);
  });

  test('processes killed in the middle of a race leave nothing stuck (M5)', async () => {
    const all = await start(3);
    for (const [n, child] of all.slice(0, 2).entries()) {
      const racing = all.slice(n).map((one) => one.ask(`race mid-${n} 16 20`));
      await sleep(60);
      child.process.kill('SIGKILL');
      // Sweeps among those who reserve and settle: nobody waits in a circle.
      const over = Promise.all(racing).then(() => true);
      while (!(await Promise.race([over, quotas.sweep().then(() => false)]))) await sleep(1);
    }
    let left = 1;
    while (left > 0) {
      await quotas.sweep();
      const { rows } = await store.pool.query('select sum(reserved)::int as n from quota_bucket');
      left = rows[0].n;
    }
    const { rows } = await store.pool.query(
      'select count(*)::int as n from quota_hold where amount <> 0 or holder <> 0',
    );
    assert.equal(rows[0].n, 0);
  });
});
