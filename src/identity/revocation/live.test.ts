import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ManualClock } from '../../../test/upstream/manual-clock.ts';
import type { GatehouseError, Principal } from '../../kernel/index.ts';
import type { Standing } from './ended.ts';
import { openLive } from './live.ts';

function principal(name: string, change: Partial<Principal> = {}): Principal {
  return {
    kind: 'agent',
    id: `agt_${name}`,
    name,
    owner: 'ada',
    tenant: 'default',
    credential: { kind: 'static-key', id: `key_${name}`, expires: 0 },
    actors: [],
    ...change,
  };
}

function world(connected: boolean) {
  const clock = new ManualClock();
  const notices = { connected };
  const asked: (readonly Standing[])[] = [];
  const state = { ended: new Map<Principal, string>(), away: false };
  const recheck = async (standing: readonly Standing[]) => {
    asked.push(standing);
    if (state.away) throw new Error('away');
    return state.ended;
  };
  const live = openLive({ notices, recheck, clock });
  const cuts: GatehouseError[] = [];
  const enter = (who: Principal) => live.enter(who, (why) => cuts.push(why));
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.pass(100);
      await turn();
    }
  };
  return { clock, notices, asked, state, live, cuts, enter, pass };
}

describe('calls under way', () => {
  test('end when something that they rest on ends, and only then (A1)', () => {
    const { live, cuts, enter } = world(true);
    const first = principal('first');
    const second = principal('second', { owner: 'bob', actors: [{ kind: 'agent', id: 'first' }] });
    const leave = enter(first);
    enter(second);
    live.cut({ what: 'credential', id: 'key_other' });
    live.cut({ what: 'agent', id: 'agt_other', name: 'other' });
    live.cut({ what: 'owner', name: 'grace' });
    assert.equal(live.count(), 2);
    live.cut({ what: 'owner', name: 'bob' });
    assert.equal(cuts.length, 1);
    live.cut({ what: 'agent', id: 'agt_first', name: 'first' });
    live.cut({ what: 'agent', id: 'agt_first', name: 'first' });
    assert.equal(cuts.length, 2);
    leave();
    assert.equal(live.count(), 0);
  });

  test('may leave or enter others while they are being cut (A1)', () => {
    const { live } = world(true);
    const who = principal('busy');
    const leaves: (() => void)[] = [];
    let cut = 0;
    for (let i = 0; i < 5; i++) {
      leaves[i] = live.enter(who, () => {
        cut += 1;
        for (const leave of leaves) leave();
        live.enter(principal('late'), () => {});
      });
    }
    live.cut({ what: 'credential', id: 'key_busy' });
    assert.deepEqual([cut, live.count()], [1, 1]);
  });

  test('are asked about once each principal, while no notices arrive (A1)', async () => {
    const { notices, asked, state, cuts, enter, pass, live } = world(true);
    const who = principal('who');
    for (let i = 0; i < 10; i++) enter(who);
    enter(principal('other'));
    await pass(2_000);
    assert.equal(asked.length, 0, 'nobody asks while notices arrive');
    notices.connected = false;
    await pass(400);
    assert.equal(asked[0]?.length, 2);
    state.ended = new Map([[who, 'it ended']]);
    await pass(500);
    assert.equal(cuts.length, 10);
    assert.equal(live.count(), 1);
  });

  test('are asked about after a gap, again and again until there is an answer (A1)', async () => {
    const { state, cuts, enter, pass, live, asked } = world(true);
    const who = principal('who');
    enter(who);
    state.away = true;
    live.recheck();
    await pass(1_000);
    assert.ok(asked.length >= 2);
    assert.equal(cuts.length, 0);
    state.away = false;
    state.ended = new Map([[who, 'it ended']]);
    await pass(500);
    assert.match(cuts[0]?.message ?? '', /it ended/);
  });

  test('end when for too long nobody can say whether they stand (A1)', async () => {
    const { state, notices, cuts, enter, pass } = world(true);
    enter(principal('who'));
    state.away = true;
    notices.connected = false;
    await pass(4_000);
    assert.equal(cuts.length, 0);
    await pass(3_000);
    assert.equal(cuts[0]?.code, 'store_unavailable');
  });

  test('go on for as long as answers come, with no notices at all (A1)', async () => {
    const { cuts, enter, pass, live, clock } = world(false);
    const leave = enter(principal('who'));
    await pass(30_000);
    assert.equal(cuts.length, 0);
    leave();
    await pass(500);
    assert.equal(clock.pending, 0, 'nothing runs when nobody is there');
    enter(principal('who'));
    live.close();
    await pass(500);
    assert.equal(clock.pending, 0);
  });
});
