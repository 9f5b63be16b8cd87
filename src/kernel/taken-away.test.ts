import assert from 'node:assert/strict';
import { test } from 'node:test';
import { about, bound, control, handClock, memoryRecord } from '../../test/kernel/world.ts';
import { act, decide, type Permit } from './index.ts';

test('what a decision settles goes to the record whatever the verdict is (I4)', async () => {
  for (const level of ['allow', 'deny'] as const) {
    const seen: string[] = [];
    const record = memoryRecord((draft) => {
      seen.push(...draft.claims.map(({ kind }) => kind));
      return [];
    });
    const bindings = [bound(control(() => ({ level })))];
    const point = { bindings, recorder: record, clock: handClock() };
    const one = (kind: string) => ({ kind, key: 'k', amount: 1 });
    const claims = [one('policy.quota')];
    const settles = [one('policy.settlement')];
    await (await decide(point, [about('input')], { settles })).recorded;
    await (await decide(point, [about('input')], { claims })).recorded;
    const taken = level === 'allow' ? ['policy.quota'] : [];
    assert.deepEqual(seen, ['policy.settlement', ...taken]);
    await assert.rejects(decide(point, [about('input')], { claims, settles }), TypeError);
  }
});

test('a drop is applied on the permit, stands on the record, and must name a member (M5)', async () => {
  const content = { logprobs: true, odd: { secret: 1 }, messages: [] };
  const drops = (paths: readonly string[]) => [
    bound(control(() => ({ level: 'amend', drops: paths }))),
  ];
  const record = memoryRecord();
  const judged = about('input', [], content);
  const point = {
    bindings: drops(['/logprobs', '/odd/secret']),
    recorder: record,
    clock: handClock(),
  };
  const decision = await decide(point, [judged]);
  assert.equal(decision.verdict.level, 'amend');
  const passed = await act(decision.permit as Permit, judged, (one) => one.content);
  assert.deepEqual(passed, { odd: {}, messages: [] });
  // Names that a caller chose are content: they do not stand on the record.
  assert.deepEqual(record.entries[0]?.['drops'], ['/*', '/*/*']);
  for (const bad of [['/none'], [''], ['logprobs']]) {
    const refused = await decide({ ...point, bindings: drops(bad) }, [about('input', [], content)]);
    assert.equal(refused.verdict.level, 'deny', String(bad));
  }
});
