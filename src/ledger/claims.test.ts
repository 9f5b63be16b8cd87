import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { forEachDatabase, type TestStore } from '../../test/database.ts';
import {
  body,
  claim,
  closeLedgers,
  draft,
  signer,
  testLedger,
  traceId,
} from '../../test/ledger/world.ts';
import type { Ledger } from './ledger.ts';
import type { Claimer } from './sequence/claims.ts';
import { verifyLog } from './verify/verify-log.ts';

// A budget as a room above would keep it: so much of each key.
const budget: Claimer = async (client, claims) => {
  const answers: (string | null)[] = [];
  for (const { key, amount } of claims) {
    const { rowCount } = await client.query(
      'update test_budget set left_over = left_over - $2 where key = $1 and left_over >= $2',
      [key, amount],
    );
    answers.push(rowCount === 1 ? null : `nothing left of \`${key}\``);
  }
  return answers;
};
const broken: Claimer = async () => {
  throw new Error('a claimer with a fault');
};
const wrongSql: Claimer = async (client) => {
  await client.query('select 1 / 0');
  return [];
};
const mute: Claimer = async () => [];
const claimers = { budget, other: budget, broken, wrongSql, mute };

forEachDatabase('claims', (server) => {
  let store: TestStore;
  let ledger: Ledger;
  let second: Ledger;

  before(async () => {
    store = await server.store(8);
    await store.pool.query('create table test_budget (key text primary key, left_over int)');
    ledger = await testLedger(store, { claimers });
    second = await testLedger(store, { claimers });
  });
  after(async () => {
    assert.equal((await verifyLog(ledger.read, { key: signer.vkey })).problem, null);
    await closeLedgers();
    await store.close();
  });

  async function give(key: string, amount: number): Promise<void> {
    await store.pool.query('insert into test_budget values ($1, $2)', [key, amount]);
  }
  async function left(key: string): Promise<number> {
    const { rows } = await store.pool.query('select left_over from test_budget where key = $1', [
      key,
    ]);
    return rows[0].left_over;
  }

  test('racing claims never get more than there is, and entries say who was refused (A4)', async () => {
    await give('race', 10);
    const sent = Array.from({ length: 40 }, (_, i) =>
      (i % 2 ? ledger : second).record(draft({}, { claims: [claim('budget', 'race')] })),
    );
    const recorded = await Promise.all(sent);
    const refused = recorded.filter((one) => one.refused.length > 0);
    assert.equal(refused.length, 30);
    assert.equal(await left('race'), 0);
    for (const { index, refused: refusals } of recorded) {
      const entry = (await ledger.entry(index))?.entry;
      assert.deepEqual(
        entry?.['refused'] ?? [],
        refusals.map(({ reason }) => reason),
      );
    }
  });

  test('a draft gets all of its claims or none, and never undoes those of another', async () => {
    await give('much', 100);
    await give('little', 1);
    const both = () =>
      draft({}, { claims: [claim('budget', 'much', 10), claim('other', 'little')] });
    const plain = () => draft({}, { claims: [claim('budget', 'much', 10)] });
    const recorded = await Promise.all(
      [both(), plain(), both(), plain(), both()].map((one) => ledger.record(one)),
    );
    assert.deepEqual(
      recorded.map(({ refused }) => refused.length),
      [0, 0, 1, 0, 1],
    );
    assert.equal(recorded[2]?.refused[0]?.claim.key, 'little');
    assert.equal(await left('much'), 70);
    assert.equal(await left('little'), 0);
  });

  test('a claim of a kind that nobody settles is refused', async () => {
    for (const kind of ['nobody', 'constructor', '__proto__']) {
      const { refused } = await ledger.record(draft({}, { claims: [claim(kind, 'x')] }));
      assert.match(refused[0]?.reason ?? '', /nobody settles/);
    }
  });

  test('a claimer that says nothing of a claim refuses it', async () => {
    const { refused } = await ledger.record(draft({}, { claims: [claim('mute', 'x')] }));
    assert.equal(refused.length, 1);
  });

  test('a claimer that fails takes its own draft down and no other', async () => {
    await give('steady', 5);
    const trace = traceId();
    const good = () =>
      draft({}, { trace, claims: [claim('budget', 'steady')], bodies: [body('x')] });
    const bad = (kind: string) =>
      draft({}, { claims: [claim('budget', 'steady'), claim(kind, 'x')] });
    const results = await Promise.allSettled(
      [good(), bad('broken'), good(), bad('wrongSql'), draft({}, { trace }), good()].map((one) =>
        ledger.record(one),
      ),
    );
    assert.deepEqual(
      results.map(({ status }) => status === 'fulfilled'),
      [true, false, true, false, true, true],
    );
    assert.equal(await left('steady'), 2);
    assert.equal((await ledger.byTrace(trace)).length, 4);
  });

  test('a draft whose entry cannot be composed after its claims gives them back', async () => {
    await give('back', 2);
    const claims = [claim('budget', 'back')];
    const results = await Promise.allSettled([
      ledger.record(draft({}, { claims })),
      ledger.record(draft({}, { claims, entry: () => assert.fail('no entry') })),
      ledger.record(draft({ text: 'x'.repeat(70_000) }, { claims })),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected'],
    );
    assert.equal(await left('back'), 1);
  });
});
