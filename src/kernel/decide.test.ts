import assert from 'node:assert/strict';
import { test } from 'node:test';
import { about, bound, control, handClock, memoryRecord } from '../../test/kernel/world.ts';
import {
  act,
  approvalClaim,
  type Binding,
  covers,
  decide,
  GatehouseError,
  type JsonObject,
  type Opinion,
} from './index.ts';

const fine = bound(control(() => ({ level: 'allow' })));
const code = (wanted: string) => (error: unknown) =>
  error instanceof GatehouseError && error.code === wanted;

function checkpoint(...bindings: Binding[]) {
  return { bindings, recorder: memoryRecord(), clock: handClock() };
}

const closed: [string, readonly Binding[], string][] = [
  ['no control at all', [], 'no_control'],
  [
    'a control of another stage only',
    [bound(control(() => ({ level: 'allow' }), { stages: ['output'] }))],
    'no_control',
  ],
  [
    'an observer only',
    [
      bound(
        control(() => ({ level: 'allow' })),
        { mode: 'observe' },
      ),
    ],
    'no_control',
  ],
  [
    'a control that throws',
    [
      bound(
        control(() => {
          throw new Error('secret text');
        }),
      ),
    ],
    'control_failed',
  ],
  [
    'a control that rejects',
    [bound(control(() => Promise.reject(new Error('no'))))],
    'control_failed',
  ],
  [
    'a control that answers nothing',
    [bound(control(() => undefined as unknown as Opinion))],
    'control_failed',
  ],
  [
    'a control that answers a boolean',
    [bound(control(() => true as unknown as Opinion))],
    'control_failed',
  ],
  [
    'a level outside the lattice',
    [bound(control(() => ({ level: 'pass' }) as unknown as Opinion))],
    'control_failed',
  ],
  ['an amendment without masks', [bound(control(() => ({ level: 'amend' })))], 'control_failed'],
  [
    'a mask outside its part',
    [
      bound(
        control(() => ({
          level: 'amend',
          masks: [{ path: '/t', start: 0, end: 99, labels: ['x'] }],
        })),
      ),
    ],
    'control_failed',
  ],
  [
    'a mask on no part',
    [
      bound(
        control(() => ({
          level: 'amend',
          masks: [{ path: '/no', start: 0, end: 1, labels: ['x'] }],
        })),
      ),
    ],
    'control_failed',
  ],
  [
    'one control fine, one that throws',
    [
      fine,
      bound(
        control(() => {
          throw new Error('x');
        }),
      ),
    ],
    'control_failed',
  ],
];

for (const [what, bindings, wanted] of closed) {
  test(`fails closed: ${what} (I2)`, async () => {
    const point = checkpoint(...bindings);
    const decision = await decide(point, [
      about('input', [{ path: '/t', role: 'user', text: 'hi' }]),
    ]);
    assert.equal(decision.verdict.level, 'deny');
    assert.equal(decision.permit, null);
    assert.ok(decision.findings.some((one) => one.code === wanted));
    await decision.recorded;
    assert.equal(point.recorder.entries[0]?.['level'], 'deny');
    assert.doesNotMatch(JSON.stringify(point.recorder.entries), /secret text/);
  });
}

test('fails closed: a control past its time, as deny or as hold where the binding says so (I2)', async () => {
  for (const onFailure of ['deny', 'hold'] as const) {
    const clock = handClock();
    let signal: AbortSignal | undefined;
    const slow = control(() => new Promise(() => {}));
    const judge = (_: unknown, stop: () => AbortSignal) => {
      signal = stop();
      return new Promise<Opinion>(() => {});
    };
    const point = {
      bindings: [bound({ ...slow, judge }, { onFailure })],
      recorder: memoryRecord(),
      clock,
    };
    const pending = decide(point, [about('input')]);
    clock.pass(101);
    const decision = await pending;
    assert.equal(decision.verdict.level, onFailure);
    assert.equal(decision.permit, null);
    assert.equal(signal?.aborted, true);
  }
});

test('fails closed: a control that blocks past its time and then allows', async () => {
  const clock = handClock();
  const late = control(() => {
    clock.pass(101);
    return { level: 'allow' };
  });
  const decision = await decide({ bindings: [bound(late)], recorder: memoryRecord(), clock }, [
    about('input'),
  ]);
  assert.equal(decision.verdict.level, 'deny');
});

test('every stage of one decision needs an enforcing control of its own', async () => {
  const decision = await decide(checkpoint(fine), [about('enter'), about('input')]);
  assert.equal(decision.verdict.level, 'deny');
  assert.deepEqual(
    decision.findings.filter((one) => one.code === 'no_control').map((one) => one.stage),
    ['enter'],
  );
});

test('an observer is recorded and does not count', async () => {
  const watching = bound(
    control(() => ({ level: 'deny', code: 'seen' }), { id: 'test.watch' }),
    { mode: 'observe' },
  );
  const point = checkpoint(fine, watching);
  const decision = await decide(point, [about('input')]);
  assert.equal(decision.verdict.level, 'allow');
  await decision.recorded;
  assert.match(JSON.stringify(point.recorder.entries), /"code":"seen"/);
});

test('an unwritable record: nothing passes, whoever holds the permit (I2, A4)', async () => {
  const point = checkpoint(fine);
  point.recorder.fail = true;
  const input = about('input');
  const decision = await decide(point, [input]);
  assert.ok(decision.permit);
  let ran = false;
  await assert.rejects(
    act(decision.permit, input, () => {
      ran = true;
    }),
    code('record_unavailable'),
  );
  assert.equal(ran, false);
});

test('only a model call may start before the record is durable, and never one with claims', async () => {
  const model = bound(control(() => ({ level: 'allow' }), { stages: ['model', 'action'] }));
  for (const [stage, claims, early] of [
    ['model', 0, true],
    ['action', 0, false],
    ['model', 1, false],
  ] as const) {
    const point = checkpoint(model);
    const budget = { kind: 'policy.budget', key: 'b', amount: 1 };
    const subject = about(stage);
    point.recorder.fail = true;
    const options = { early: true, claims: claims > 0 ? [budget] : [] };
    const decision = await decide(point, [subject], options);
    const acted = decision.permit
      ? act(decision.permit, subject, () => 'ran')
      : Promise.resolve('none');
    if (early) assert.equal(await acted, 'ran');
    else await assert.rejects(acted, code('record_unavailable'));
  }
});

test('an answer waits for the record of the decision it follows, too', async () => {
  const both = bound(control(() => ({ level: 'allow' }), { stages: ['model', 'output'] }));
  const point = checkpoint(both);
  point.recorder.fail = true;
  const inbound = await decide(point, [about('model')], { early: true });
  await inbound.recorded.catch(() => {});
  point.recorder.fail = false;
  const output = about('output');
  const outbound = await decide(point, [output], { follows: inbound });
  assert.ok(outbound.permit);
  await assert.rejects(
    act(outbound.permit, output, () => 'released'),
    code('record_unavailable'),
  );
});

test('a refused claim turns the verdict and the entry into a denial (I4)', async () => {
  const refuse = (draft: { claims: readonly { key: string }[] }) =>
    draft.claims
      .filter(({ key }) => key === 'spent')
      .map((claim) => ({ claim: claim as never, reason: 'nothing left' }));
  const recorder = memoryRecord(refuse);
  const point = { bindings: [fine], recorder, clock: handClock() };
  const claim = (key: string) => ({ claims: [{ kind: 'policy.budget', key, amount: 5 }] });
  const had = await decide(point, [about('input')], claim('full'));
  assert.ok(had.permit);
  const not = await decide(point, [about('input')], claim('spent'));
  assert.equal(not.permit, null);
  assert.equal(not.verdict.level, 'deny');
  assert.deepEqual(
    recorder.entries.map((entry) => entry['level']),
    ['allow', 'deny'],
  );
  assert.match(not.findings.at(-1)?.reason ?? '', /nothing left/);
});

test('what is denied claims nothing', async () => {
  const seen: number[] = [];
  const recorder = memoryRecord((draft) => {
    seen.push(draft.claims.length);
    return [];
  });
  await decide({ bindings: [], recorder, clock: handClock() }, [about('input')], {
    claims: [{ kind: 'policy.budget', key: 'b', amount: 1 }],
  });
  assert.deepEqual(seen, [0]);
});

test('an entry stays under 64 KiB whatever a hostile input earns', async () => {
  const text = 'x'.repeat(20_000);
  const masks = Array.from({ length: 9_000 }, (_, i) => ({
    path: '/t',
    start: 2 * i,
    end: 2 * i + 1,
    labels: ['x'],
  }));
  const point = checkpoint(bound(control(() => ({ level: 'amend', masks }))));
  const decision = await decide(point, [about('input', [{ path: '/t', role: 'user', text }])]);
  await decision.recorded;
  const entry = point.recorder.entries[0] as JsonObject;
  assert.ok(JSON.stringify(entry).length < 65_536);
  assert.equal(entry['masksTotal'], 9_000);
});

test('an approval covers exactly the act it was given for, once, until it expires', () => {
  const one = {
    caller: 'a',
    server: 's',
    tool: 't',
    definition: 'd',
    arguments: 'h',
    policySet: 'p',
    run: 'r',
    step: 1,
  };
  const approval = { act: one, nonce: 'n', expires: 1_000, by: 'bo' };
  assert.equal(covers(approval, one, 999), true);
  assert.equal(covers(approval, one, 1_000), false);
  for (const key of Object.keys(one)) {
    assert.equal(covers(approval, { ...one, [key]: 'other' }, 1), false, key);
  }
  assert.deepEqual(approvalClaim(approval), { kind: 'identity.approval', key: 'n', amount: 1 });
});
