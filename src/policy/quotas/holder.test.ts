import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { forEachDatabase, type TestStore } from '../../../test/database.ts';
import { handClock } from '../../../test/kernel/world.ts';
import { closeLedgers, testLedger } from '../../../test/ledger/world.ts';
import { caller, claimed, model, reserved, testQuotas } from '../../../test/policy/quota-world.ts';
import { until } from '../../../test/until.ts';
import type { Quota } from './quota.ts';
import type { Quotas } from './quotas.ts';

const quotasOf = (id: string): Quota[] => [
  { id, of: 'agent', measure: 'tokens', limit: 1000, per: 'day' },
  { id: `${id}-at-once`, of: 'agent', measure: 'concurrency', limit: 2 },
];

forEachDatabase('holders of quotas', (server) => {
  let store: TestStore;
  const open: Quotas[] = [];

  before(async () => {
    store = await server.store(12);
  });
  afterEach(async () => {
    await closeLedgers();
    for (const quotas of open.splice(0)) await quotas.close();
  });
  after(() => store.close());

  async function world(id: string, more = {}) {
    const quotas = testQuotas(store, quotasOf(id), more);
    open.push(quotas);
    await quotas.start();
    const ledger = await testLedger(store, { claimers: quotas.claimers });
    const call = () => quotas.reserve({ principal: caller(id), model, input: 100, output: 50 });
    const stands = async () => {
      const [one] = await quotas.standing({ quota: id, holder: id });
      const [other] = await quotas.standing({ quota: `${id}-at-once`, holder: id });
      return [one?.used ?? 0, one?.reserved ?? 0, other?.reserved ?? 0];
    };
    return { quotas, ledger, call, stands };
  }

  test('a lost connection: reservations go on under another number, and the old are swept (M5)', async () => {
    const { quotas, ledger, call, stands } = await world('lost');
    const held = call();
    assert.ok(await reserved(ledger, held));
    const { rows } = await store.pool.query(
      'select distinct holder from quota_hold where holder <> 0',
    );
    await store.pool.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = $1`,
      [rows[0].holder],
    );
    // By this or by the round that goes on in the background.
    for (; (await stands())[1] !== 0; await sleep(5)) await quotas.sweep();
    assert.deepEqual(await stands(), [100, 0, 0]);
    while (!(await reserved(ledger, call()))) await sleep(5);
    assert.deepEqual(await stands(), [100, 150, 1]);
    // The call that was swept did live, and its word comes late: what it cost is exact all the same.
    await claimed(ledger, held.settle({ kind: 'used', input: 70, output: 20, cached: 0 }));
    assert.deepEqual(await stands(), [90, 150, 1]);
    await claimed(ledger, held.settle({ kind: 'used', input: 70, output: 20, cached: 0 }));
    assert.deepEqual(await stands(), [90, 150, 1]);
  });

  test('a hold older than any call is settled though its process lives, by the clock', async () => {
    const clock = handClock();
    const { ledger, call, stands } = await world('old', { clock, longestCallMs: 60_000 });
    assert.ok(await reserved(ledger, call()));
    clock.pass(50_000);
    assert.ok(await reserved(ledger, call()));
    assert.deepEqual(await stands(), [0, 300, 2]);
    clock.pass(15_000);
    // A round sets out for the next only when it is done, so the clock goes on a little.
    for (let i = 0; i < 400 && (await stands())[1] !== 150; i++) {
      clock.pass(100);
      await sleep(5);
    }
    assert.deepEqual(await stands(), [100, 150, 1]);
  });

  test('long after their windows ended, buckets are gone; what is held stays', async () => {
    const clock = handClock();
    const { quotas, ledger, call } = await world('past', { clock, longestCallMs: 1e12 });
    const held = [call(), call()];
    for (const one of held) assert.ok(await reserved(ledger, one));
    await claimed(ledger, held[0]?.settle({ kind: 'none' }) ?? []);
    const buckets = async () => {
      const { rows } = await store.pool.query(
        `select count(*)::int as n from quota_bucket where id like '["past",%'`,
      );
      return rows[0].n;
    };
    clock.pass(3 * 86_400_000);
    await quotas.sweep();
    assert.equal(await buckets(), 1);
    await claimed(ledger, held[1]?.settle({ kind: 'none' }) ?? []);
    // The quotas sweep by themselves as well, and whoever comes second passes by what is locked.
    await until('the bucket is gone', async () => {
      clock.pass(3_600_000);
      await quotas.sweep();
      return (await buckets()) === 0;
    });
  });

  test('a close leaves no reservation to be made, and a start after it is another holder', async () => {
    const { quotas, ledger, call } = await world('closed');
    await quotas.close();
    assert.equal(await reserved(ledger, call()), false);
  });
});
