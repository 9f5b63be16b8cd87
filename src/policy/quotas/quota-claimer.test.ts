import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type pg from 'pg';
import { type TestStore, testStore } from '../../../test/database.ts';
import { modelQuotas, QuotaModel } from '../../../test/policy/quota-model.ts';
import { caller, model, testQuotas } from '../../../test/policy/quota-world.ts';
import type { Claimer } from '../../ledger/index.ts';
import type { QuotaOutcome, Reservation } from './quota.ts';
import type { Quotas } from './quotas.ts';

// The claimers and the sweep against a model of a page, over any order of what can happen to two
// processes: batches, some of them undone, settlements, late or twice, deaths and sweeps.

let store: TestStore;

const count = fc.integer({ min: 0, max: 130 });
const outcome: fc.Arbitrary<QuotaOutcome> = fc.oneof(
  fc.record({ kind: fc.constant('used' as const), input: count, output: count, cached: count }),
  fc.constant({ kind: 'none' as const }),
  fc.record({ kind: fc.constant('unknown' as const), output: count }),
);
const process = fc.integer({ min: 0, max: 1 });
const call = fc.record({ agent: fc.integer({ min: 0, max: 1 }), input: count, output: count });
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('batch' as const),
      process,
      calls: fc.array(call, { minLength: 1, maxLength: 4 }),
      undone: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('settle' as const), which: fc.nat(), outcome }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const), process }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep' as const), process }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Two processes with quotas, and the model that they are held against. */
class World {
  readonly #owner: string;
  readonly #model = new QuotaModel();
  readonly #processes: { quotas: Quotas; number: number }[] = [];
  readonly #given: { id: string; reservation: Reservation }[] = [];
  #next = 0;

  constructor(run: number) {
    this.#owner = `owner-${run}`;
  }

  async open(): Promise<void> {
    for (const _ of [0, 1]) this.#processes.push(await this.#born());
  }

  async close(): Promise<void> {
    for (const { quotas } of this.#processes) await quotas.close();
  }

  async run(one: Step): Promise<void> {
    if (one.do === 'batch') await this.#batch(one);
    else if (one.do === 'settle') await this.#settle(one);
    else if (one.do === 'die') await this.#die(one.process);
    else {
      await this.#at(one.process).quotas.sweep();
      const alive = this.#processes.map(({ number }) => number);
      this.#model.sweep((number) => alive.includes(number));
    }
    await this.#compare();
  }

  #at(process: number) {
    return this.#processes[process] as { quotas: Quotas; number: number };
  }

  async #born() {
    const quotas = testQuotas(store, modelQuotas);
    await quotas.start();
    // A start sweeps, so the model does.
    const alive = this.#processes.map(({ number }) => number);
    this.#model.sweep((number) => alive.includes(number));
    return { quotas, number: this.#next++ };
  }

  #agent(n: number): string {
    return `${this.#owner}-agent-${n}`;
  }

  async #batch({ process, calls, undone }: Step & { do: 'batch' }): Promise<void> {
    const { quotas, number } = this.#at(process);
    const made = calls.map(({ agent, input, output }) => {
      const principal = caller(this.#agent(agent), { owner: this.#owner });
      return quotas.reserve({ principal, model, input, output });
    });
    const claims = made.flatMap((one) => one.claims);
    await transaction(async (client) => {
      if (undone) {
        await client.query('savepoint claims');
        await answersOf(quotas.claimers['policy.quota'](client, claims));
        await client.query('rollback to savepoint claims');
      }
      const said = await answersOf(quotas.claimers['policy.quota'](client, claims));
      for (const [i, { agent, input, output }] of calls.entries()) {
        const reservation = made[i] as Reservation;
        const id = reservation.claims[0]?.key ?? '';
        const wanted = this.#model.reserve(id, number, this.#agent(agent), input, output);
        assert.equal(said[i] === null, wanted, `${said[i]}`);
        this.#given.push({ id, reservation });
      }
    });
  }

  // Whoever it is that settles; some were refused, or settled before.
  async #settle({ which, outcome: ended }: Step & { do: 'settle' }): Promise<void> {
    const given = this.#given[which % Math.max(1, this.#given.length)];
    if (given === undefined) return;
    const { quotas } = this.#at(which % 2);
    const claims = given.reservation.settle(ended);
    await transaction(
      async (client) =>
        void (await answersOf(quotas.claimers['policy.settlement'](client, claims))),
    );
    this.#model.settle(given.id, ended);
  }

  async #die(process: number): Promise<void> {
    await this.#at(process).quotas.close();
    const [left] = this.#processes.splice(process, 1);
    assert.ok(left);
    await lettingGo(this.#processes.length);
    this.#processes.splice(process, 0, await this.#born());
  }

  async #compare(): Promise<void> {
    const { quotas } = this.#at(0);
    for (const agent of [0, 1].map((n) => this.#agent(n))) {
      const [tokens] = await quotas.standing({ quota: 'tokens', holder: agent });
      const { used, reserved } = this.#model.balance(agent);
      assert.deepEqual([tokens?.used ?? 0, tokens?.reserved ?? 0], [used, reserved]);
      const [requests] = await quotas.standing({ quota: 'requests', holder: agent });
      assert.equal(requests?.used ?? 0, this.#model.requests.get(agent) ?? 0);
    }
    const [atOnce] = await quotas.standing({ quota: 'at-once', holder: this.#owner });
    assert.equal(atOnce?.reserved ?? 0, this.#model.atOnce());
  }
}

async function transaction(work: (client: pg.PoolClient) => Promise<unknown>): Promise<void> {
  const client = await store.pool.connect();
  try {
    await client.query('begin');
    await work(client);
    await client.query('commit');
  } finally {
    client.release();
  }
}

// The server lets go of a lock a moment after the connection ended.
async function lettingGo(left: number): Promise<void> {
  for (;;) {
    const { rows } = await store.pool.query(
      `select count(*)::int as n from pg_locks where locktype = 'advisory' and objsubid = 2
       and database = (select oid from pg_database where datname = current_database())`,
    );
    if (rows[0].n <= left) return;
  }
}

describe('the claimers of quotas', () => {
  before(async () => {
    store = await testStore(8);
  });
  after(() => store.close());

  test('any order of batches, settlements, deaths and sweeps ends as the model says (M5)', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const world = new World(run++);
        await world.open();
        try {
          for (const one of steps) await world.run(one);
        } finally {
          await world.close();
          await lettingGo(0);
        }
      }),
      { numRuns: 40 },
    );
  });
});

/** What a claimer said, once all that it sent has counted. */
async function answersOf(said: ReturnType<Claimer>): Promise<readonly (string | null)[]> {
  const answer = await said;
  if (!('answers' in answer)) return answer;
  await answer.written;
  return answer.answers;
}
