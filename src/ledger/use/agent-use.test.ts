import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { type TestStore, testStore } from '../../../test/database.ts';
import { closeLedgers, draft, testLedger } from '../../../test/ledger/world.ts';
import type { JsonObject } from '../../kernel/index.ts';
import type { Ledger } from '../ledger.ts';
import { openAgentUse } from './agent-use.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');
const day = 86_400_000;

function call(n: number, more: JsonObject = {}): JsonObject {
  return {
    at: new Date(start + n).toISOString(),
    stages: ['enter', 'input', 'model'],
    principal: { kind: 'agent', id: 'agt_1', name: 'one' },
    resource: { type: 'model', id: 'small@1' },
    route: 'small@1',
    level: 'allow',
    ...more,
  };
}

describe('what agents did', () => {
  let store: TestStore;
  let ledger: Ledger;

  before(async () => {
    store = await testStore();
    ledger = await testLedger(store);
  });
  after(async () => {
    await closeLedgers();
    await store.close();
  });

  async function write(entries: readonly JsonObject[]): Promise<void> {
    await Promise.all(entries.map((entry) => ledger.record(draft(entry))));
  }

  test('is counted once, whoever asks, and goes on from where it was (A2)', async () => {
    await write([
      ...Array.from({ length: 2_500 }, (_, n) => call(n)),
      call(day * 40, { level: 'amend' }),
      call(day * 41, { level: 'deny' }),
      call(day * 42, { stages: ['output'] }),
      call(day * 43, { principal: { kind: 'agent', id: 'agt_2' } }),
      call(day * 44, { level: 'deny', route: null, resource: { type: 'model', id: 'made up' } }),
      { kind: 'system.started', at: new Date(start).toISOString() },
    ]);
    const askers = [openAgentUse(store.pool), openAgentUse(store.pool), openAgentUse(store.pool)];
    const since = start + 30 * day;
    const all = await Promise.all(askers.map((use) => use.of('agt_1', since)));
    const used = {
      action: 'call_model',
      resource: 'small@1',
      calls: 2_501,
      recent: 1,
      refused: 1,
      first: start,
      last: start + 40 * day,
    };
    assert.deepEqual(all, [[used], [used], [used]]);
    await write([call(day * 45), call(day * 45, { stages: ['action'], resource: { id: 'mail' } })]);
    const [model, tool] = await openAgentUse(store.pool).of('agt_1', since);
    assert.deepEqual([model?.calls, model?.recent, model?.last], [2_502, 2, start + 45 * day]);
    assert.deepEqual([tool?.action, tool?.resource, tool?.calls], ['call_tool', 'mail', 1]);
  });

  test('an agent that did nothing has no use', async () => {
    assert.deepEqual(await openAgentUse(store.pool).of('nobody', start), []);
  });
});

describe('a stretch of the log by time', () => {
  test('holds every entry of the time and later, with clocks a little apart (A4)', async () => {
    const store = await testStore();
    const ledger = await testLedger(store);
    try {
      const jitter = fc.sample(fc.integer({ min: -60_000, max: 60_000 }), 400);
      for (const [n, off] of jitter.entries()) await ledger.record(draft(call(n * 60_000 + off)));
      for (const n of [0, 1, 57, 200, 399, 5_000]) {
        const since = start + n * 60_000;
        const { from, to } = await ledger.span(since);
        assert.equal(to, 400);
        const before = await ledger.range(0, from);
        assert.equal(before.length, from);
        assert.ok(before.every(({ entry }) => Date.parse(String(entry['at'])) < since));
        const late = (await ledger.range(from, 8)).every(({ entry }) => {
          return Date.parse(String(entry['at'])) >= since - 480_000;
        });
        assert.ok(late, 'and not many earlier ones');
      }
      const indexes = (await ledger.range(395, 100)).map(({ index }) => index);
      assert.deepEqual(indexes, [395, 396, 397, 398, 399]);
    } finally {
      await closeLedgers();
      await store.close();
    }
  });
});
