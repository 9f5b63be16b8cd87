import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { forEachDatabase, type TestStore } from '../../test/database.ts';
import {
  body,
  closeLedgers,
  draft,
  signer,
  testLedger,
  testVault,
  traceId,
} from '../../test/ledger/world.ts';
import { GatehouseError, type JsonObject } from '../kernel/index.ts';
import type { Vault } from '../store/index.ts';
import type { Ledger } from './ledger.ts';
import { parseCheckpoint } from './note/checkpoint.ts';
import { generateKey, signerOf } from './note/key.ts';
import { verifyLog } from './verify/verify-log.ts';

const facts = (found: { entry: JsonObject } | null) => found?.entry['n'];
const code = (expected: string) => (error: GatehouseError) => error.code === expected;

forEachDatabase('the ledger', (server) => {
  let store: TestStore;
  let ledger: Ledger;

  before(async () => {
    store = await server.store();
    ledger = await testLedger(store);
  });
  after(async () => {
    await closeLedgers();
    await store.close();
  });

  async function whole(one: Ledger = ledger): Promise<void> {
    const found = await verifyLog(one.read, { key: signer.vkey });
    assert.equal(found.problem, null);
  }

  test('an empty log has a checkpoint and verifies (A4)', async () => {
    assert.equal(parseCheckpoint(await ledger.checkpoint())?.size, 0);
    assert.equal(await ledger.receipt(0), null);
    assert.equal(await ledger.tile(0, 0), null);
    await whole();
  });

  test('entries stand densely in the order of the calls, and all verify (A4)', async () => {
    const from = parseCheckpoint(await ledger.checkpoint())?.size ?? -1;
    const sent = Array.from({ length: 600 }, (_, n) => ledger.record(draft({ n })));
    const recorded = await Promise.all(sent);
    assert.deepEqual(
      recorded.map(({ index }) => index),
      recorded.map((_, i) => from + i),
    );
    assert.equal(facts(await ledger.entry(from + 599)), 599);
    assert.equal(parseCheckpoint(await ledger.checkpoint())?.size, from + 600);
    await whole();
  });

  test('a trace is found whole and in order, a stranger not at all (E5)', async () => {
    const trace = traceId();
    for (const n of [1, 2, 3]) await ledger.record(draft({ n }, { trace }));
    await ledger.append('body.read', { trace, n: 4 });
    await ledger.append('start', { n: 5 });
    const found = await ledger.byTrace(trace);
    assert.deepEqual(found.map(facts), [1, 2, 3, 4]);
    assert.deepEqual(await ledger.byTrace(traceId()), []);
    assert.deepEqual(await ledger.byTrace("' or true --"), []);
    const [newest, second] = await ledger.latest(2);
    assert.deepEqual([facts(newest ?? null), facts(second ?? null)], [5, 4]);
    const [older] = await ledger.latest(1, newest?.index);
    assert.equal(older?.index, second?.index);
    assert.equal(newest?.entry['kind'], 'start');
    assert.equal(await ledger.entry(10 ** 9), null);
    assert.equal(await ledger.entry(-1), null);
    assert.equal(await ledger.bundle(traceId(), { bodies: false }), null);
  });

  test('facts cannot pose as another kind of entry', async () => {
    const { index } = await ledger.append('start', { kind: 'decision', v: 7, at: 'never' });
    const entry = (await ledger.entry(index))?.entry;
    assert.equal(entry?.['kind'], 'start');
    assert.equal(entry?.['v'], 1);
    assert.notEqual(entry?.['at'], 'never');
  });

  test('a poisonous draft is rejected alone', async () => {
    const throwing = { entry: () => assert.fail('no entry') };
    const poison = [
      draft({}, throwing),
      draft({ text: 'x'.repeat(65_536) }),
      draft({ n: Number.NaN }),
      draft({ text: '\ud800' }),
      draft({}, { trace: 'not a trace' }),
      draft({}, { bodies: [{ ...body('x'), role: 'a\0b' }] }),
    ];
    const results = await Promise.allSettled(
      poison.flatMap((one, n) => [ledger.record(draft({ n })), ledger.record(one)]),
    );
    for (const [i, { status }] of results.entries()) {
      assert.equal(status, i % 2 === 0 ? 'fulfilled' : 'rejected', `${i}`);
    }
    const tooLarge = await Promise.allSettled([ledger.record(poison[1] as never)]);
    assert.ok(code('too_large')((tooLarge[0] as PromiseRejectedResult).reason));
    await whole();
  });

  test('an entry of exactly 65,535 bytes is taken and served', async () => {
    const empty = Buffer.byteLength(JSON.stringify(draft({ text: '' }).entry([], [])));
    const { index } = await ledger.record(draft({ text: 'x'.repeat(65_535 - empty) }));
    assert.equal(String((await ledger.entry(index))?.entry['text']).length, 65_535 - empty);
    await whole();
  });

  test('bodies are sealed beside their entry, which names them by commitment only (D4)', async () => {
    const vault = await testVault(store);
    const trace = traceId();
    await ledger.record(draft({}, { trace, bodies: [body('a secret'), body('an answer')] }));
    const [found] = await ledger.byTrace(trace);
    const refs = found?.entry['bodies'] as never[];
    assert.equal(refs.length, 2);
    assert.equal((await vault.open(refs[0] as never)).toString(), 'a secret');
    assert.ok(!JSON.stringify(found).includes('secret'));
    // A refused draft leaves no body behind.
    const count = async () => (await store.pool.query('select count(*) from blob')).rows[0].count;
    const kept = await count();
    const bad = { bodies: [body('lost')], entry: () => assert.fail('no entry') };
    await assert.rejects(ledger.record(draft({}, bad)));
    assert.equal(await count(), kept);
  });

  test('a body that takes long to seal does not let later entries pass', async () => {
    const vault = await testVault(store);
    const slow: Pick<Vault, 'seal' | 'open' | 'opening'> = {
      ...vault,
      seal: async (trace, one) => {
        await sleep(20);
        if (one.role === 'broken') throw new GatehouseError('store_unavailable', 'no key');
        return vault.seal(trace, one);
      },
    };
    const own = await testLedger(store, { vault: slow });
    const [first, broken, last] = await Promise.allSettled([
      own.record(draft({}, { bodies: [body('slow')] })),
      own.record(draft({}, { bodies: [{ ...body('x'), role: 'broken' }] })),
      own.record(draft()),
    ]);
    assert.ok(first?.status === 'fulfilled' && last?.status === 'fulfilled');
    assert.ok(first.value.index < last.value.index);
    assert.equal(broken?.status, 'rejected');
    await own.close();
  });

  test('two writers share the log without a gap or a fork (A4)', async () => {
    const other = await testLedger(store);
    const sent = Array.from({ length: 500 }, (_, n) =>
      (n % 2 ? ledger : other).record(draft({ n })),
    );
    const indexes = (await Promise.all(sent)).map(({ index }) => index);
    const sorted = [...indexes].sort((a, b) => a - b);
    assert.deepEqual(
      sorted,
      sorted.map((_, i) => (sorted[0] as number) + i),
    );
    // Each writer kept the order of its own calls.
    for (const odd of [0, 1]) {
      const own = indexes.filter((_, n) => n % 2 === odd);
      assert.deepEqual(
        own,
        [...own].sort((a, b) => a - b),
      );
    }
    await whole(other);
    await other.close();
  });

  test('more than may wait is refused as busy, and what waits is still written', async () => {
    const own = await testLedger(store, { limits: { drafts: 5 } });
    const results = await Promise.allSettled(Array.from({ length: 9 }, () => own.record(draft())));
    const refused = results.filter(({ status }) => status === 'rejected');
    assert.equal(refused.length, 4);
    assert.ok(refused.every((one) => code('busy')((one as PromiseRejectedResult).reason)));
    await own.record(draft());
    const small = await testLedger(store, { limits: { bytes: 10_000 } });
    const fat = () => small.record(draft({}, { bodies: [body('x'.repeat(9000))] }));
    const fats = await Promise.allSettled([fat(), fat(), fat()]);
    assert.deepEqual(
      fats.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected'],
    );
    await small.close();
    await own.close();
    await assert.rejects(own.record(draft()), code('record_unavailable'));
  });

  test('closing writes what waits first', async () => {
    const own = await testLedger(store);
    const sent = Array.from({ length: 300 }, () => own.record(draft()));
    await own.close();
    assert.equal((await Promise.all(sent)).length, 300);
  });

  test('the log of another origin is refused', async () => {
    const stranger = signerOf(generateKey('other.example/log', (size) => Buffer.alloc(size, 1)));
    await assert.rejects(testLedger(store, { signer: stranger }), code('bad_config'));
  });
});
