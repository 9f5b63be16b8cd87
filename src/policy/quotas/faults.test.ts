import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { forEachDatabase, type TestStore } from '../../../test/database.ts';
import { lossyPool } from '../../../test/ledger/lossy-pool.ts';
import { closeLedgers, testLedger } from '../../../test/ledger/world.ts';
import { caller, claimed, model, reserved, testQuotas } from '../../../test/policy/quota-world.ts';
import type { Quotas } from './quotas.ts';

forEachDatabase('quotas over connections that break', (server) => {
  let store: TestStore;
  let quotas: Quotas;

  before(async () => {
    store = await server.store(8);
    quotas = testQuotas(store, [
      { id: 'tokens', of: 'agent', measure: 'tokens', limit: 300, per: 'ever' },
      { id: 'requests', of: 'agent', measure: 'requests', limit: 3, per: 'ever' },
    ]);
    await quotas.start();
  });
  after(async () => {
    await closeLedgers();
    await quotas.close();
    await store.close();
  });

  const statements = {
    'the lock of the buckets': /^\s*select id, used, reserved from quota_bucket/,
    'a bucket that is made': /^\s*insert into quota_bucket/,
    'the write of what is held': /^\s*with held as/,
    'the settlement': /^\s*with gone as/,
    'the commit': /^commit/,
  };
  for (const [what, match] of Object.entries(statements)) {
    for (const moment of ['before', 'after'] as const) {
      test(`${moment} ${what}: reserved once and settled once (M5)`, async () => {
        const lossy = lossyPool(store.pool);
        const ledger = await testLedger(lossy, { claimers: quotas.claimers });
        const name = `${moment} ${what}`;
        const principal = caller(name);
        const ask = () => quotas.reserve({ principal, model, input: 60, output: 40 });
        const stands = async () => {
          const [tokens] = await quotas.standing({ quota: 'tokens', holder: name });
          const [requests] = await quotas.standing({ quota: 'requests', holder: name });
          return [tokens?.used, tokens?.reserved, requests?.used];
        };
        const first = ask();
        lossy.lose(match, moment);
        assert.ok(await reserved(ledger, first));
        assert.deepEqual(await stands(), [0, 100, 1]);
        const outcome = { kind: 'used', input: 50, output: 9, cached: 0 } as const;
        if (lossy.lost > 0) lossy.lose(match, moment);
        await claimed(ledger, first.settle(outcome));
        assert.ok(lossy.lost > 0);
        assert.deepEqual(await stands(), [59, 0, 1]);
        const more = [ask(), ask(), ask()];
        const got = await Promise.all(more.map((one) => reserved(ledger, one)));
        assert.deepEqual(got, [true, true, false]);
        assert.deepEqual(await stands(), [59, 200, 3]);
        await ledger.close();
      });
    }
  }
});
