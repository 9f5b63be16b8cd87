import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { forEachDatabase, type TestStore } from '../../../test/database.ts';
import { handClock } from '../../../test/kernel/world.ts';
import { closeLedgers, testLedger } from '../../../test/ledger/world.ts';
import {
  caller,
  claimed,
  model,
  prices,
  reserved,
  testQuotas,
} from '../../../test/policy/quota-world.ts';
import type { Ledger } from '../../ledger/index.ts';
import type { Quota, QuotaOutcome } from './quota.ts';
import type { Quotas } from './quotas.ts';

forEachDatabase('quotas', (server) => {
  let store: TestStore;
  const open: Quotas[] = [];

  before(async () => {
    store = await server.store(8);
  });
  afterEach(async () => {
    await closeLedgers();
    for (const quotas of open.splice(0)) await quotas.close();
  });
  after(() => store.close());

  interface World {
    readonly quotas: Quotas;
    readonly ledger: Ledger;
    readonly clock: ReturnType<typeof handClock>;
  }
  async function world(quotas: readonly Quota[], more = {}): Promise<World> {
    const clock = handClock();
    const opened = testQuotas(store, quotas, { clock, ...more });
    open.push(opened);
    await opened.start();
    return {
      quotas: opened,
      ledger: await testLedger(store, { claimers: opened.claimers }),
      clock,
    };
  }
  const call = (name: string, input: number, output: number) => ({
    principal: caller(name),
    model,
    input,
    output,
  });
  async function stands(quotas: Quotas, quota: string, holder: string) {
    const [one] = await quotas.standing({ quota, holder });
    return [one?.used, one?.reserved];
  }

  test('tokens are held before and settled exactly after, also above what was held (M5)', async () => {
    const { quotas, ledger } = await world([
      { id: 'exact', of: 'agent', measure: 'tokens', limit: 1000, per: 'day' },
    ]);
    const outcomes: [QuotaOutcome, number][] = [
      [{ kind: 'used', input: 90, output: 17, cached: 40 }, 107],
      [{ kind: 'used', input: 120, output: 90, cached: 0 }, 210],
      [{ kind: 'none' }, 0],
      [{ kind: 'unknown', output: 30 }, 130],
      [{ kind: 'unknown', output: 0 }, 100],
      [{ kind: 'unknown', output: 9_999 }, 150],
      [{ kind: 'unknown', output: Number.NaN }, 150],
    ];
    let used = 0;
    for (const [outcome, cost] of outcomes) {
      const held = quotas.reserve(call('exact', 100, 50));
      assert.deepEqual(await claimed(ledger, held.claims), []);
      assert.deepEqual(await stands(quotas, 'exact', 'exact'), [used, 150]);
      assert.deepEqual(await claimed(ledger, held.settle(outcome)), []);
      used += cost;
      assert.deepEqual(await stands(quotas, 'exact', 'exact'), [used, 0]);
      // A second word on the same call changes nothing, in a batch of its own or not.
      await claimed(ledger, [...held.settle(outcome), ...held.settle({ kind: 'none' })]);
      assert.deepEqual(await stands(quotas, 'exact', 'exact'), [used, 0]);
    }
  });

  test('money is counted in billionths of a dollar, by the price of the exact version (M5)', async () => {
    const { quotas, ledger } = await world([
      { id: 'budget', of: 'owner', measure: 'money', limit: 0.01, per: 'month' },
    ]);
    const held = quotas.reserve(call('payer', 1000, 400));
    assert.ok(await reserved(ledger, held));
    assert.deepEqual(await stands(quotas, 'budget', 'owner-of-payer'), [0, 0.009]);
    const [reason] = await claimed(ledger, quotas.reserve(call('payer', 1000, 400)).claims);
    assert.match(
      reason ?? '',
      /^quota `budget` of owner `owner-of-payer`: 0\.009 of 0\.01 dollars are used or reserved until 20\d\d-\d\d-01T00:00:00\.000Z; this call may need 0\.009; wait/,
    );
    await claimed(ledger, held.settle({ kind: 'used', input: 1000, output: 1, cached: 999 }));
    assert.deepEqual(await stands(quotas, 'budget', 'owner-of-payer'), [0.0003177, 0]);
  });

  test('a model without a price is refused where money counts, and free only at a price of 0', async () => {
    const limits: Quota[] = [
      { id: 'priced', of: 'everyone', measure: 'money', limit: 1, per: 'ever' },
    ];
    const { quotas, ledger } = await world(limits, {
      prices: { ...prices, 'free@1': { input: 0, output: 0 } },
    });
    const of = (id: string) => quotas.reserve({ ...call('p', 10, 10), model: { id, groups: [] } });
    const [reason] = await claimed(ledger, of('other@1').claims);
    assert.match(reason ?? '', /`other@1` has no price/);
    assert.deepEqual(of('other@1').settle({ kind: 'none' }), []);
    for (const id of ['constructor', '__proto__'])
      assert.equal(await reserved(ledger, of(id)), false);
    assert.ok(await reserved(ledger, of('free@1')));
    assert.deepEqual(await stands(quotas, 'priced', ''), [0, 0]);
  });

  test('requests count at once and are not given back; a new window counts anew (I4)', async () => {
    const { quotas, ledger, clock } = await world([
      { id: 'often', of: 'agent', measure: 'requests', limit: 2, per: 'minute' },
    ]);
    for (const wanted of [true, true, false, false]) {
      const held = quotas.reserve(call('often', 1, 1));
      assert.equal(await reserved(ledger, held), wanted);
      assert.deepEqual(held.settle({ kind: 'none' }), []);
    }
    assert.deepEqual(await stands(quotas, 'often', 'often'), [2, 0]);
    clock.pass(60_000);
    assert.ok(await reserved(ledger, quotas.reserve(call('often', 1, 1))));
    assert.deepEqual(await stands(quotas, 'often', 'often'), [1, 0]);
  });

  test('calls at a time are counted while they run', async () => {
    const { quotas, ledger } = await world([
      { id: 'at-a-time', of: 'tenant', measure: 'concurrency', limit: 2 },
    ]);
    const one = quotas.reserve(call('busy', 1, 1));
    const two = quotas.reserve(call('busy', 1, 1));
    const three = quotas.reserve(call('busy', 1, 1));
    assert.deepEqual(await Promise.all([one, two, three].map((held) => reserved(ledger, held))), [
      true,
      true,
      false,
    ]);
    await claimed(ledger, one.settle({ kind: 'used', input: 5, output: 5, cached: 0 }));
    assert.deepEqual(await stands(quotas, 'at-a-time', 'tenant-of-busy'), [0, 1]);
    assert.ok(await reserved(ledger, quotas.reserve(call('busy', 1, 1))));
  });

  test('a call gets all that it needs of every quota, or nothing of any', async () => {
    const { quotas, ledger } = await world([
      { id: 'all-tokens', of: 'everyone', measure: 'tokens', limit: 100, per: 'hour' },
      { id: 'all-calls', of: 'everyone', measure: 'requests', limit: 100, per: 'hour' },
      { id: 'all-at-once', of: 'everyone', measure: 'concurrency', limit: 1 },
    ]);
    const one = quotas.reserve(call('a', 10, 10));
    assert.ok(await reserved(ledger, one));
    assert.equal(await reserved(ledger, quotas.reserve(call('b', 10, 10))), false);
    assert.deepEqual(await stands(quotas, 'all-tokens', ''), [0, 20]);
    assert.deepEqual(await stands(quotas, 'all-calls', ''), [1, 0]);
    await claimed(ledger, one.settle({ kind: 'none' }));
    assert.ok(await reserved(ledger, quotas.reserve(call('b', 10, 10))));
  });

  test('a quota applies to those it names alone, and no two holders share a count', async () => {
    const { quotas, ledger } = await world([
      {
        id: 'some',
        of: 'owner',
        measure: 'requests',
        limit: 1,
        per: 'day',
        only: { agents: ['named', 'also'], groups: ['general', 'other'] },
      },
    ]);
    const by = (name: string, owner: string, groups = ['general']) =>
      quotas.reserve({
        ...call(name, 1, 1),
        principal: caller(name, { owner }),
        model: { id: 'm@1', groups },
      });
    assert.deepEqual(by('unnamed', 'o').claims, []);
    assert.deepEqual(by('named', 'o', ['elsewhere']).claims, []);
    const owners = [
      'o',
      'o"',
      'o","',
      '',
      '\0',
      '\ud800',
      '\udfff',
      'x'.repeat(5000),
      `${'x'.repeat(5000)}y`,
    ];
    for (const owner of owners) assert.ok(await reserved(ledger, by('named', owner)), owner);
    for (const owner of owners) assert.equal(await reserved(ledger, by('also', owner)), false);
  });

  test('what is no count is as much as can be, so that it never fits', async () => {
    const { quotas, ledger } = await world([
      { id: 'odd', of: 'agent', measure: 'tokens', limit: 1_000_000, per: 'ever' },
    ]);
    for (const odd of [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e300]) {
      assert.equal(await reserved(ledger, quotas.reserve(call('odd', odd, 1))), false);
      assert.equal(await reserved(ledger, quotas.reserve(call('odd', 1, odd))), false);
    }
  });

  test('nothing is reserved before the start, and nothing costs anything without quotas', async () => {
    const quotas = testQuotas(store, [
      { id: 'early', of: 'agent', measure: 'requests', limit: 5, per: 'day' },
    ]);
    const ledger = await testLedger(store, { claimers: quotas.claimers });
    const [reason] = await claimed(ledger, quotas.reserve(call('early', 1, 1)).claims);
    assert.match(reason ?? '', /for a moment/);
    const without = testQuotas(store, []);
    assert.equal(without.reserve(call('x', 1, 1)), without.reserve(call('y', 1, 1)));
    assert.deepEqual(await without.standing(), []);
  });
});
