import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { forEachDatabase, type TestStore } from '../../test/database.ts';
import { lossyPool } from '../../test/ledger/lossy-pool.ts';
import {
  body,
  claim,
  closeLedgers,
  draft,
  signer,
  testLedger,
  testVault,
} from '../../test/ledger/world.ts';
import { writerProcess } from '../../test/ledger/writer-process.ts';
import type { GatehouseError, Recorded } from '../kernel/index.ts';
import type { Ledger } from './ledger.ts';
import type { Claimer } from './sequence/claims.ts';
import { verifyLog } from './verify/verify-log.ts';

const code = (expected: string) => (error: GatehouseError) => error.code === expected;

forEachDatabase('faults', (server) => {
  let store: TestStore;

  before(async () => {
    store = await server.store(12);
    await store.pool.query('create table test_count (n int)');
    await store.pool.query('insert into test_count values (0)');
  });
  after(async () => {
    await closeLedgers();
    await store.close();
  });

  async function sound(ledger: Ledger): Promise<void> {
    assert.equal((await verifyLog(ledger.read, { key: signer.vkey })).problem, null);
  }
  async function countOf(field: string, value: string): Promise<Map<string, number>> {
    const { rows } = await store.pool.query(
      `select convert_from(data, 'UTF8')::json->>'n' as n, count(*)::int as times from log_entry
       where convert_from(data, 'UTF8')::json->>$1 = $2 group by 1`,
      [field, value],
    );
    return new Map(rows.map(({ n, times }) => [n, times]));
  }

  const counting: Claimer = async (client, claims) => {
    await client.query('update test_count set n = n + $1', [claims.length]);
    return claims.map(() => null);
  };
  async function counted(): Promise<number> {
    return (await store.pool.query('select n from test_count')).rows[0].n;
  }

  const statements = {
    'the statement that moves the head': /^\s*with head as/,
    'the lock of the head': /^begin; select/,
    'the commit': /^commit/,
    'a claim': /^update test_count/,
  };
  for (const [what, match] of Object.entries(statements)) {
    for (const moment of ['before', 'after'] as const) {
      test(`a connection lost ${moment} ${what}: written once, never twice (A4)`, async () => {
        const lossy = lossyPool(store.pool);
        const ledger = await testLedger({ pool: lossy.pool }, { claimers: { counting } });
        const run = `${moment} ${what}`;
        const claims = [claim('counting', 'x')];
        await ledger.record(draft({ run, n: 'first' }));
        const before = await counted();
        lossy.lose(match, moment);
        const sent = [0, 1, 2, 3].map((n) =>
          ledger.record(draft({ run, n }, { claims, bodies: [body(run)] })),
        );
        const indexes = (await Promise.all(sent)).map(({ index }) => index);
        assert.equal(lossy.lost, 1);
        assert.deepEqual(
          indexes,
          [0, 1, 2, 3].map((i) => (indexes[0] as number) + i),
        );
        assert.deepEqual([...(await countOf('run', run)).values()], [1, 1, 1, 1, 1]);
        assert.equal((await counted()) - before, 4);
        await sound(ledger);
        await ledger.close();
      });
    }
  }

  test('a plain batch whose answer is lost is looked for, not written again (A4)', async () => {
    const lossy = lossyPool(store.pool);
    const ledger = await testLedger({ pool: lossy.pool });
    lossy.lose(/^\s*with head as/, 'after');
    const first = await ledger.record(draft({ run: 'lost answer', n: 0 }));
    // The same, while another process moves the head behind the lost batch.
    const other = await testLedger(store);
    lossy.lose(/^\s*with head as/, 'after');
    const [second] = await Promise.all([
      ledger.record(draft({ run: 'lost answer', n: 1 })),
      other.record(draft()),
    ]);
    assert.equal(lossy.lost, 2);
    assert.ok(second.index > first.index);
    const found = await countOf('run', 'lost answer');
    assert.deepEqual([found.get('0'), found.get('1')], [1, 1]);
    await sound(ledger);
    await ledger.close();
    await other.close();
  });

  test('a server that always breaks off gets nothing acknowledged', async () => {
    const lossy = lossyPool(store.pool);
    // The waits between looks are skipped: what counts is that they end.
    const clock = {
      now: () => Date.now(),
      after: (ms: number, run: () => void) => {
        if (ms < 10_000) setImmediate(run);
        return () => {};
      },
    };
    const vault = await testVault(store);
    const ledger = await testLedger({ pool: lossy.pool }, { clock, vault });
    lossy.lose(/^(\s*with head as|begin; select)/, 'before', 100);
    await assert.rejects(ledger.record(draft({ run: 'never', n: 0 })), code('record_unavailable'));
    assert.ok(lossy.lost > 1);
    lossy.lose(/^$/, 'before', 0);
    await ledger.record(draft({ run: 'never', n: 1 }));
    assert.deepEqual([...(await countOf('run', 'never')).keys()], ['1']);
    await ledger.close();
  });

  test('backends ended in the middle of work: each acknowledged entry stands once (A4)', async () => {
    const ledger = await testLedger(store);
    const other = await testLedger(store);
    const results: PromiseSettledResult<Recorded>[] = [];
    for (let round = 0; round < 12; round++) {
      const sent = Promise.allSettled(
        Array.from({ length: 60 }, (_, i) =>
          (i % 2 ? ledger : other).record(draft({ run: 'ended', n: round * 60 + i })),
        ),
      );
      // Each round a little later, so that it meets every moment of a batch.
      for (let turn = 0; turn < round; turn++) await new Promise(setImmediate);
      await store.pool
        .query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid()`,
        )
        .catch(() => {});
      results.push(...(await sent));
    }
    const found = await countOf('run', 'ended');
    for (const times of found.values()) assert.equal(times, 1);
    for (const [n, result] of results.entries()) {
      if (result.status === 'rejected') assert.ok(code('record_unavailable')(result.reason));
      else assert.equal(found.get(String(n)), 1);
    }
    await sound(ledger);
    await ledger.close();
    await other.close();
  });

  test('kill -9 in the middle of writing: what was acknowledged is there, and all verifies (A4)', async () => {
    for (const [round, atLeast] of [40, 300, 900].entries()) {
      const name = `killed ${round}`;
      const writer = writerProcess(store.url, name, 1_000_000, 50);
      await writer.reached(atLeast);
      writer.process.kill('SIGKILL');
      await writer.ended;
      const ledger = await testLedger(store);
      const found = await countOf('writer', name);
      assert.ok(writer.acknowledged.size >= atLeast);
      for (const [index, n] of writer.acknowledged) {
        assert.equal((found.get(String(n)) ?? 0) + 0, 1);
        if (n % 50 === 0) assert.equal((await ledger.entry(index))?.entry['n'], n);
      }
      for (const times of found.values()) assert.equal(times, 1);
      await ledger.append('start', {});
      await sound(ledger);
      await ledger.close();
    }
  });

  test('two processes write 5,000 entries each: dense, none lost, no fork (A4)', async () => {
    const names = ['one', 'two'];
    const writers = names.map((name) => writerProcess(store.url, name, 5000, 200));
    await Promise.all(writers.map(({ ended }) => ended));
    for (const { acknowledged } of writers) assert.equal(acknowledged.size, 5000);
    for (const name of names) {
      const found = await countOf('writer', name);
      assert.equal(found.size, 5000);
      assert.ok([...found.values()].every((times) => times === 1));
    }
    const ledger = await testLedger(store);
    await sound(ledger);
    await ledger.close();
  });

  test('a database that cannot be written rejects, and takes up again when it can', async () => {
    const ledger = await testLedger(store);
    await store.pool.query('alter table log_entry rename to log_entry_away');
    const sent = [0, 1, 2].map(() => ledger.record(draft()));
    for (const { status, reason } of (await Promise.allSettled(sent)) as PromiseRejectedResult[]) {
      assert.equal(status, 'rejected');
      assert.ok(code('record_unavailable')(reason));
      assert.ok(!String(reason.message).includes('log_entry'));
    }
    await store.pool.query('alter table log_entry_away rename to log_entry');
    await ledger.record(draft());
    await sound(ledger);
    await ledger.close();
  });
});
