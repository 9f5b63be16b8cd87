import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type Expr, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import type { Subject } from '../../src/kernel/index.ts';
import { checkSources } from '../../src/policy/checked.ts';
import { everything } from '../../src/policy/mentions.ts';
import { type Asking, actions, question } from '../../src/policy/question.ts';
import { questionKey, ruling } from '../../src/policy/standing.ts';
import { asked, names, policy, time, typed } from './arbitrary.ts';
import { authorize } from './oracle.ts';
import { written } from './written.ts';

const schema = readFileSync(new URL('../../policies/schema.cedarschema', import.meta.url), 'utf8');
const seed = 20_261_122;
/** GATEHOUSE_TEST_POLICIES=20000 runs it long. */
const rounds = Number(process.env['GATEHOUSE_TEST_POLICIES'] ?? 300);
const sets = Math.ceil(rounds / 4);
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
      const asking: Asking = { action, time: at, mentions: check.mentions[action] };
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
  fc.assert(property, { seed, numRuns: sets });
  assert.ok(mattered > sets / 2, `${mattered} cases were decided by a policy`);
});

const mentions = fc.subarray(names).map((chosen) => new Set(chosen));

type Question = ReturnType<typeof question>;

/** What of a whole question these names speak of. A second reading, which knows no attribute. */
function visible({ entities, context, ...rest }: Question, seen: ReadonlySet<string>) {
  const members = (record: object): object =>
    Object.fromEntries(
      Object.entries(record).flatMap(([name, value]) => {
        if (!seen.has(name)) return [];
        const nested = name === 'caller' || name === 'time';
        return [[name, nested ? members(value) : value]];
      }),
    );
  const above = entities.flatMap(({ uid, attrs, parents }) => {
    const named = (parents as { type: string; id: string }[]).filter(({ type, id }) => {
      return seen.has(id) || (type === 'Tenant' && seen.has('tenant'));
    });
    const attributes = members(attrs);
    const nothing = named.length === 0 && Object.keys(attributes).length === 0;
    return nothing ? [] : [[uid, attributes, named]];
  });
  return { ...rest, context: members(context), above };
}

test('two subjects that differ in anything that some policy speaks of never share a key (A2)', () => {
  const change = fc.record({ to: asked, keep: fc.func(fc.boolean()) });
  let shared = 0;
  const property = fc.property(
    fc.tuple(asked, change),
    fc.tuple(time, time),
    mentions,
    ([one, { to, keep }], [at, later], seen) => {
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
      const ask = (subject: Subject, when: Asking['time']) => {
        const asking = { action, time: when, mentions: seen };
        const whole = question('x', subject, { ...asking, mentions: everything });
        const key = questionKey(question('x', subject, asking), subject);
        return { key, sight: [subject.principal.name, visible(whole, seen)] };
      };
      const [first, second] = [ask(one, at), ask(other, later)];
      const same = first.key === second.key;
      assert.equal(same, isDeepStrictEqual(first.sight, second.sight));
      shared += same ? 1 : 0;
    },
  );
  fc.assert(property, { seed, numRuns: 5 * rounds });
  assert.ok(shared > rounds / 10, `${shared} pairs shared a key`);
});
