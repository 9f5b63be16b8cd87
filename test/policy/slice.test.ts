import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Expr, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { checkSources } from '../../src/policy/checked.ts';
import { type Asking, actions, question } from '../../src/policy/question.ts';
import { questionKey } from '../../src/policy/question-key.ts';
import { ruling } from '../../src/policy/standing.ts';
import { asked, everything, policy, time, typed } from './arbitrary.ts';
import { authorize } from './oracle.ts';
import { written } from './written.ts';

const schema = readFileSync(new URL('../../policies/schema.cedarschema', import.meta.url), 'utf8');
const seed = 20_261_122;
const simple: fc.Arbitrary<Expr> = fc.constantFrom({ Value: true }, { Value: false });
const policies = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: policy(typed.bool, ['call_model']) },
    { weight: 1, arbitrary: policy(simple, ['*', 'enter']) },
  ),
  { minLength: 1, maxLength: 4 },
);
const requests = fc.array(fc.tuple(asked, time), { minLength: 4, maxLength: 4 });

test('the control agrees with it too, though it tells Cedar no more than a set speaks of (A2)', () => {
  let mattered = 0;
  const property = fc.property(policies, requests, (set, all) => {
    const { texts, parsed } = written(set);
    const named = Object.entries(texts).map(([id, text]) => `@id("${id}")\n${text}`);
    const check = checkSources({ schema, policies: { 'a.cedar': named.join('\n') } });
    assert.ok(check.ok, JSON.stringify(check.errors));
    for (const [subject, at] of all) {
      const action = actions[subject.stage];
      assert.ok(action !== undefined);
      const asking: Asking = { action, time: at, mentions: check.mentions };
      const full = question('check', subject, { ...asking, mentions: everything });
      const { decision, ids, errors } = authorize(parsed, full);
      const expected = errors.length > 0 ? { decision: 'error', ids: errors } : { decision, ids };
      assert.deepEqual(ruling('check', subject, asking), expected);
      // What is asked is what the schema takes, so that it need not be held against it each time.
      const taken = { ...full, preparsedSchemaName: 'check', validateRequest: true };
      assert.equal(statefulIsAuthorized(taken).type, 'success');
      if (ids.length > 0) mattered += 1;
    }
  });
  fc.assert(property, { seed, numRuns: 150 });
  assert.ok(mattered > 150, `${mattered} cases were decided by a policy`);
});

const mentions = fc.subarray([...everything]).map((chosen): Asking['mentions'] => new Set(chosen));

test('two subjects that differ in anything that some policy speaks of never share a key (A2)', () => {
  const change = fc.record({ to: asked, keep: fc.func(fc.boolean()) });
  const property = fc.property(
    asked,
    change,
    time,
    time,
    mentions,
    (one, { to, keep }, at, later, seen) => {
      // Another subject that has most in common with the first, so that keys come close.
      const pick = <T extends object>(a: T, b: T): T =>
        Object.fromEntries(
          Object.keys({ ...a, ...b }).map((key) => [key, (keep(key) ? a : b)[key as keyof T]]),
        ) as T;
      const other = {
        ...one,
        principal: pick(one.principal, to.principal),
        context: pick(one.context, to.context),
      };
      const action = actions[one.stage];
      assert.ok(action !== undefined);
      const [asking, again] = [at, later].map((time) => ({ action, time, mentions: seen }));
      const same = questionKey(one, asking as Asking) === questionKey(other, again as Asking);
      if (!same) return;
      const first = question('x', one, asking as Asking);
      assert.deepEqual(question('x', other, again as Asking), first);
    },
  );
  fc.assert(property, { seed, numRuns: 5_000 });
});
