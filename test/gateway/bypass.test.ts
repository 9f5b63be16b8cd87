import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type Binding,
  type Control,
  GatehouseError,
  type Opinion,
  type Stage,
} from '../../src/kernel/index.ts';
import { bound, control } from '../kernel/world.ts';
import { call, requests } from './call.ts';
import { marker } from './provider.ts';
import { openWorld, type World } from './world.ts';

/**
 * Protocol x stream x stage x way of not passing: no combination lets a byte of the request reach
 * the upstream, or a byte of the answer the caller, unjudged. The first table shows that the same
 * calls do pass when every stage allows them, so that the second can fail.
 */
const stages = ['enter', 'input', 'model', 'output'] as const satisfies readonly Stage[];

const allows = (stage: Stage): Binding =>
  bound(
    control(() => ({ level: 'allow', settled: 'all' }), {
      id: `test.${stage}`,
      stages: [stage],
      windowed: true,
    }),
  );

const ways: Record<string, (stage: Stage) => readonly Binding[]> = {
  deny: (stage) => [says(stage, () => ({ level: 'deny', code: 'no', reason: 'not today' }))],
  hold: (stage) => [says(stage, () => ({ level: 'hold', code: 'ask', reason: 'ask first' }))],
  throw: (stage) => [
    says(stage, () => {
      throw new Error(`${marker} in an error`);
    }),
  ],
  timeout: (stage) => [{ ...says(stage, () => new Promise(() => {})), timeoutMs: 20 }],
  'no control': () => [],
  'observer only': (stage) => [{ ...allows(stage), mode: 'observe' }],
  'one allows, one denies': (stage) => [allows(stage), says(stage, () => ({ level: 'deny' }))],
};

function says(stage: Stage, judge: Control['judge']): Binding {
  return bound(
    control(judge as () => Opinion, { id: `test.${stage}`, stages: [stage], windowed: true }),
  );
}

let world: World;
before(async () => {
  world = await openWorld({ bindings: [] });
});
after(() => world.close());

const cases = Object.entries(requests).flatMap(([path, { body, streams }]) => {
  const kinds = streams ? [false, true] : [false];
  return kinds.map((stream) => ({
    path,
    stream,
    sent: JSON.stringify(stream ? { ...body, stream } : body),
  }));
});

for (const { path, stream, sent } of cases) {
  const name = `${path}${stream ? ' stream' : ''}`;

  test(`${name}: passes when every stage allows it`, async () => {
    world.bindings = stages.map(allows);
    world.provider.seen.length = 0;
    const answer = await call(world.gateway.url, path, sent);
    assert.equal(answer.status, 200, answer.body);
    assert.equal(world.provider.seen.length, 1);
    const bare = answer.body.replaceAll(/[^A-Z]/g, '');
    assert.ok(bare.includes(marker), answer.body);
  });

  for (const stage of stages) {
    for (const [way, instead] of Object.entries(ways)) {
      test(`${name}: nothing passes with ${way} at ${stage} (I2)`, async () => {
        world.bindings = [...stages.filter((one) => one !== stage).map(allows), ...instead(stage)];
        world.provider.seen.length = 0;
        const entries = world.record.entries.length;
        const answer = await call(world.gateway.url, path, sent);
        assert.equal(answer.status, 403, answer.body);
        assert.doesNotMatch(answer.body, /MARK|ERWORD/);
        assert.equal(world.provider.seen.length, stage === 'output' ? 1 : 0);
        const last = world.record.entries.at(-1);
        assert.ok(world.record.entries.length > entries, 'the refusal is on the record');
        assert.ok(last?.['level'] === 'deny' || last?.['level'] === 'hold');
        assert.equal(JSON.parse(answer.body).error.type === undefined, false);
      });
    }
  }

  for (const early of [true, false]) {
    test(`${name}: nothing is released when the record cannot be written (early ${early}) (A4)`, async () => {
      const other = await openWorld({ bindings: stages.map(allows), early });
      try {
        other.record.fail = true;
        const answer = await call(other.gateway.url, path, sent);
        assert.equal(answer.status, 503, answer.body);
        assert.doesNotMatch(answer.body, /MARK|ERWORD/);
        if (!early) assert.equal(other.provider.seen.length, 0);
      } finally {
        await other.close();
      }
    });
  }
}

test('a call without a credential, or with one that does not count, reaches nothing', async () => {
  const other = await openWorld({
    bindings: stages.map(allows),
    identify: () => {
      throw new GatehouseError('unauthenticated', 'this key does not count; ask for a new one');
    },
  });
  try {
    for (const { path, sent } of cases) {
      const answer = await call(other.gateway.url, path, sent);
      assert.equal(answer.status, 401);
      assert.match(String(answer.headers['www-authenticate']), /^Bearer/);
    }
    assert.equal(other.provider.seen.length, 0);
  } finally {
    await other.close();
  }
});

test('the list of models is judged, too (A2)', async () => {
  world.bindings = stages.map(allows);
  assert.equal((await call(world.gateway.url, '/v1/models', null)).status, 200);
  world.bindings = [allows('enter')];
  assert.equal((await call(world.gateway.url, '/v1/models', null)).status, 403);
  world.bindings = [allows('output')];
  assert.equal((await call(world.gateway.url, '/v1/models', null)).status, 403);
});
