import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { type TestStore, testStore } from '../../../test/database.ts';
import { bearer } from '../../../test/identity/presented.ts';
import {
  enters,
  openVerifier,
  sayingToken,
  type TestCall,
  type TestProcess,
  testAgent,
  testProcess,
} from '../../../test/identity/world.ts';
import { until } from '../../../test/until.ts';
import { GatehouseError, systemClock } from '../../kernel/index.ts';
import { endingNotice } from './ending.ts';

/** A credential, and what the test knows of it without asking anyone. */
interface Shown {
  readonly text: string;
  readonly rests: readonly string[];
}

type Step =
  | { readonly do: 'agent'; readonly owner: number }
  | { readonly do: 'key'; readonly agent: number }
  | { readonly do: 'disable'; readonly agent: number }
  | {
      readonly do: 'token';
      readonly agent: number;
      readonly actor: number;
      readonly parent: number;
    }
  | { readonly do: 'revoke'; readonly shown: number }
  | { readonly do: 'owner'; readonly owner: number };

const number = fc.nat(20);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('agent' as const), owner: number }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('key' as const), agent: number }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('token' as const),
      agent: number,
      actor: number,
      parent: number,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('disable' as const), agent: number }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('revoke' as const), shown: number }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('owner' as const), owner: number }) },
);

let store: TestStore;
let processes: readonly TestProcess[];
let rounds = 0;
let serial = 0;

/** What ends something, and how many notices tell of it. */
interface Stopping {
  readonly run: () => Promise<unknown>;
  readonly notices: number;
}

/** Agents, credentials and what has ended, as one run makes them. */
class Run {
  readonly #prefix = `run-${++rounds}`;
  readonly #owners = 3;
  readonly agents: { readonly name: string; readonly owner: string }[] = [];
  readonly shown: Shown[] = [];
  readonly ended = new Set<string>();

  owner(index: number): string {
    return `${this.#prefix}-owner-${index % this.#owners}`;
  }

  stands({ rests }: Shown): boolean {
    return !rests.some((one) => this.ended.has(one));
  }

  agent(index: number) {
    return this.agents[index % this.agents.length];
  }

  /** Does it in the first process. Returns what then ends, or null where nothing does. */
  async take(action: Step): Promise<Stopping | null> {
    const { principals } = processes[0] as TestProcess;
    const { agents } = principals;
    const now = Date.now();
    if (action.do === 'agent') {
      const owner = this.owner(action.owner);
      if (this.ended.has(owner)) return null;
      this.agents.push({ name: await testAgent(principals, owner), owner });
      return null;
    }
    if (action.do === 'owner') {
      const owner = this.owner(action.owner);
      const owned = this.agents.filter((one) => one.owner === owner).length;
      if (owned === 0) return null;
      this.ended.add(owner);
      return { run: () => agents.disableOwner(owner), notices: 1 + owned };
    }
    if (action.do === 'revoke') {
      const shown = this.shown[action.shown % this.shown.length];
      const id = shown?.rests[0];
      if (id === undefined) return null;
      this.ended.add(id);
      const isKey = id.startsWith('key_');
      const revoke = () => (isKey ? agents.revokeKey(id) : agents.revokeToken(id, now + 60_000));
      return { run: revoke, notices: 1 };
    }
    const agent = this.agent(action.agent);
    if (agent === undefined) return null;
    const { name, owner } = agent;
    if (action.do === 'disable') {
      this.ended.add(name);
      return { run: () => agents.disable(name), notices: 1 };
    }
    if (action.do === 'key') {
      if (this.ended.has(name) || this.ended.has(owner)) return null;
      const { key, id } = await agents.issueKey(name);
      this.shown.push({ text: key, rests: [id, name, owner] });
      return null;
    }
    const actor = this.agent(action.actor) ?? agent;
    const parent = this.shown[action.parent % this.shown.length]?.rests[0] ?? 'none';
    const id = `token-${++serial}`;
    const actors = [{ kind: 'agent', id: actor.name } as const];
    const times = { issued: now, expires: now + 300_000 };
    const text = sayingToken('own', { agent: name, id, actors, parents: [parent], ...times });
    this.shown.push({ text, rests: [id, parent, name, owner, actor.name, actor.owner] });
    return null;
  }
}

async function admitted({ principals }: TestProcess, { text }: Shown): Promise<TestCall | null> {
  try {
    return await enters(principals, bearer(text));
  } catch (error) {
    assert.ok(error instanceof GatehouseError && error.code === 'unauthenticated', String(error));
    return null;
  }
}

describe('whatever is registered, issued and ended', () => {
  before(async () => {
    store = await testStore(8);
    const verifiers = [openVerifier(true, systemClock)];
    const lookups = { perSecond: 1e6, burst: 1e6 };
    processes = [
      await testProcess(store, { verifiers, lookups }),
      await testProcess(store, { verifiers, lookups }),
    ];
  });
  after(async () => {
    for (const one of processes) await one.close();
    await store.close();
  });

  test('no process admits or keeps what has ended, once it was told (A1, A2)', async () => {
    const told = [0, 0];
    processes.forEach(({ notices }, index) => {
      notices.listen(endingNotice, () => {
        told[index] = (told[index] as number) + 1;
      });
    });
    const law = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const run = new Run();
      const calls: { readonly shown: Shown; readonly call: TestCall }[] = [];
      const enterAll = () =>
        Promise.all(
          processes.flatMap((one) =>
            run.shown.map(async (shown) => {
              const call = await admitted(one, shown);
              if (call !== null) calls.push({ shown, call });
            }),
          ),
        );
      for (const action of steps) {
        const stop = await run.take(action);
        if (stop === null) continue;
        const before = [...told];
        // Some come in just while it ends.
        await Promise.all([enterAll(), stop.run(), enterAll()]);
        await until('both were told', () =>
          told.every((count, index) => count === (before[index] as number) + stop.notices),
        );
        const known = calls.splice(0);
        for (const { shown, call } of known) {
          if (!run.stands(shown)) assert.equal(call.cut?.code, 'revoked');
          else assert.equal(call.cut, null);
          call.leave();
        }
        for (const one of processes) {
          for (const shown of run.shown) {
            const call = await admitted(one, shown);
            assert.equal(call !== null, run.stands(shown), JSON.stringify(shown));
            call?.leave();
          }
        }
      }
      for (const { principals } of processes) assert.equal(principals.live.count(), 0);
    });
    await fc.assert(law, { numRuns: 12 });
  });
});
