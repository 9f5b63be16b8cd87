import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { type TestStore, testStore } from '../../../test/database.ts';
import { bearer, dpop } from '../../../test/identity/presented.ts';
import {
  keyedAgent,
  openVerifier,
  sayingToken,
  type TestProcess,
  testAgent,
  testProcess,
} from '../../../test/identity/world.ts';
import { type Principal, systemClock } from '../../kernel/index.ts';
import { Identifier, type IdentifierParts } from '../identifier.ts';
import { openStandings } from '../standings.ts';
import { type Ending, readEnding } from './ending.ts';
import { Endings } from './endings.ts';

let store: TestStore;
let elsewhere: TestProcess;

/** Where work stops until it is let on. */
class Gate {
  #arrived = () => {};
  #open = () => {};
  readonly arrived = new Promise<void>((done) => {
    this.#arrived = done;
  });
  readonly #opened = new Promise<void>((done) => {
    this.#open = done;
  });

  async pass(): Promise<void> {
    this.#arrived();
    await this.#opened;
  }

  open(): void {
    this.#open();
  }
}

function identifier(endings: Endings, change: Partial<IdentifierParts>): Identifier {
  return new Identifier({
    standings: openStandings(store.db),
    endings,
    clock: systemClock,
    verifiers: [openVerifier(true, systemClock)],
    proofs: null,
    cacheMs: 1000,
    lookups: { perSecond: 100, burst: 100 },
    ...change,
  });
}

describe('what ends while somebody is asked about', () => {
  before(async () => {
    store = await testStore();
    elsewhere = await testProcess(store);
  });
  after(async () => {
    await elsewhere.close();
    await store.close();
  });

  test('is asked about again: the answer under way does not know it (A1)', async () => {
    const { key, id } = await keyedAgent(elsewhere.principals);
    const real = openStandings(store.db);
    const endings = new Endings(systemClock);
    const gate = new Gate();
    const ofKey = async (print: string) => {
      const principal = await real.ofKey(print);
      await gate.pass();
      return principal;
    };
    const who = identifier(endings, { standings: { ...real, ofKey } });
    const answers = [who.identify(bearer(key)), who.identify(bearer(key))];
    await gate.arrived;
    await elsewhere.principals.agents.revokeKey(id);
    endings.heard({ what: 'credential', id });
    gate.open();
    for (const one of answers) await assert.rejects(async () => one, /revoked/);
  });

  test('while it proves that it holds its key, lets it in no more (A1)', async () => {
    const { agents } = elsewhere.principals;
    const name = await testAgent(elsewhere.principals);
    const times = { issued: Date.now(), expires: Date.now() + 300_000 };
    const token = sayingToken('own', {
      agent: name,
      id: 't',
      thumbprint: 'T',
      bound: true,
      ...times,
    });
    const endings = new Endings(systemClock);
    const gates: Gate[] = [];
    const check = async () => {
      await gates.shift()?.pass();
    };
    const who = identifier(endings, { proofs: { check } });
    await who.identify(dpop(token, 'T'));
    const gate = new Gate();
    gates.push(gate);
    const answer = who.identify(dpop(token, 'T'));
    await gate.arrived;
    const { id } = await agents.disable(name);
    endings.heard({ what: 'agent', id, name });
    gate.open();
    await assert.rejects(async () => answer, /disabled/);
  });
});

describe('what has ended', () => {
  const names = ['a', 'b', 'c'] as const;
  const name = fc.constantFrom(...names);
  const ending: fc.Arbitrary<Ending> = fc.oneof(
    fc.record({ what: fc.constant('agent' as const), id: name, name }),
    fc.record({ what: fc.constant('owner' as const), name }),
    fc.record({ what: fc.constantFrom('credential' as const, 'proof' as const), id: name }),
  );

  test('is never forgotten by an answer from before it, however much ends and time passes (A1)', () => {
    const event = fc.oneof(
      ending,
      fc.record({ what: fc.constant('gap' as const) }),
      fc.record({ what: fc.constant('asks' as const), by: name }),
      fc.record({ what: fc.constant('time' as const), ms: fc.nat(5_000) }),
    );
    const law = fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      let now = 0;
      const endings = new Endings({ now: () => now, after: () => () => {} });
      const asked: { readonly who: Principal; readonly seen: number; ended: boolean }[] = [];
      for (const one of events) {
        if (one.what === 'time') now += one.ms;
        else if (one.what === 'asks') {
          asked.push({ who: named(one.by), seen: endings.sequence, ended: false });
        } else {
          if (one.what === 'gap') endings.gap();
          else endings.heard(one);
          for (const each of asked) each.ended ||= one.what === 'gap' || concerns(one, each.who);
        }
        for (const { who, seen, ended } of asked) {
          if (ended) assert.ok(endings.touched(who, seen));
        }
        assert.ok(!endings.touched(named('a'), endings.sequence), 'what is asked now holds');
      }
    });
    fc.assert(law, { numRuns: 500 });
  });

  test('survives the way through a notice; any other notice may mean anything (A1)', () => {
    fc.assert(
      fc.property(ending, (one) => {
        assert.deepEqual(readEnding(JSON.parse(JSON.stringify({ ...one, kind: 'ended' }))), {
          ...one,
        });
      }),
    );
    for (const bad of [{}, { what: 'agent', id: 'x' }, { what: 'owner', name: 7 }, { what: 'x' }]) {
      assert.equal(readEnding(bad), null);
    }
  });
});

function named(name: string): Principal {
  return {
    kind: 'agent',
    id: name,
    name,
    owner: name,
    tenant: 'default',
    credential: { kind: 'at+jwt', id: name, expires: 0, parents: [] },
    actors: [],
  };
}

// All names of one principal are the same, so whatever has this name concerns it; an agent by its id.
function concerns(ending: Ending, { id }: Principal): boolean {
  return ending.what === 'owner' ? ending.name === id : ending.id === id;
}
