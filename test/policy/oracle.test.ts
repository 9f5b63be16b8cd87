import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type PolicyJson,
  preparsePolicySet,
  statefulIsAuthorized,
} from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { everything } from '../../src/policy/mentions.ts';
import { actions, question } from '../../src/policy/question.ts';
import { asked, policy, time, typed, wild } from './arbitrary.ts';
import { authorize } from './oracle.ts';
import { type Operators, operators } from './oracle-operators.ts';
import { written } from './written.ts';

const seed = 2;
/** GATEHOUSE_TEST_POLICIES=20000 runs it long. */
const rounds = Number(process.env['GATEHOUSE_TEST_POLICIES'] ?? 200);

const sets = (condition: fc.Arbitrary<PolicyJson>) =>
  fc.array(condition, { minLength: 1, maxLength: 4 });
const requests = fc.array(fc.tuple(asked, time), { minLength: 4, maxLength: 4 });
const anyPolicy = policy(fc.oneof(wild.any, typed.bool), ['*', 'call_model', 'enter']);

/** Holds Cedar as it is shipped against the oracle, on any policies: many of them fail. */
function differential(table: Operators, seen: { cases: number; errors: number; allowed: number }) {
  return fc.property(sets(anyPolicy), requests, (policies, all) => {
    const { texts, parsed } = written(policies);
    assert.equal(preparsePolicySet('any', { staticPolicies: texts }).type, 'success');
    for (const [subject, at] of all) {
      const action = actions[subject.stage];
      assert.ok(action !== undefined);
      const asking = { action, time: at, mentions: everything };
      const request = { ...question('any', subject, asking), preparsedPolicySetId: 'any' };
      const answer = statefulIsAuthorized(request);
      assert.ok(answer.type === 'success', JSON.stringify(answer));
      const { decision, diagnostics } = answer.response;
      const errors = diagnostics.errors.map(({ policyId }) => policyId).sort();
      const said = authorize(parsed, request, table);
      assert.deepEqual(said, { decision, ids: [...diagnostics.reason].sort(), errors });
      seen.cases += 1;
      seen.errors += errors.length > 0 ? 1 : 0;
      seen.allowed += decision === 'allow' ? 1 : 0;
    }
  });
}

test('Cedar and a second reading of its language agree on any policies (A2)', () => {
  const seen = { cases: 0, errors: 0, allowed: 0 };
  fc.assert(differential(operators, seen), { seed, numRuns: rounds });
  // The cases are worth something: all outcomes are among them, often.
  assert.ok(seen.cases >= 4 * rounds, `${seen.cases} cases`);
  assert.ok(seen.errors > 0.4 * rounds, `${seen.errors} with errors`);
  assert.ok(seen.allowed > 0.2 * rounds, `${seen.allowed} allowed`);
});

const faults: Record<string, Partial<Operators>> = {
  'a sum that wraps': { '+': (a, b) => BigInt.asIntN(64, (a as bigint) + (b as bigint)) },
  'a product that wraps': { '*': (a, b) => BigInt.asIntN(64, (a as bigint) * (b as bigint)) },
  'all for any': { containsAny: operators['containsAll'] as Operators[string] },
  'a wildcard that is a character': {
    like: (a, parts) => a === (parts as { set: string[] }).set.map((one) => one || '*').join(''),
  },
  'nothing is in anything': { in: () => false },
  'a member that is always there': { has: () => true },
  'everything is equal': { '==': () => true },
};

for (const [what, fault] of Object.entries(faults)) {
  test(`a fault is found: ${what}`, () => {
    const table = { ...operators, ...fault } as Operators;
    const seen = { cases: 0, errors: 0, allowed: 0 };
    const found = fc.check(differential(table, seen), { seed, numRuns: 1_000, endOnFailure: true });
    assert.ok(found.failed, `${seen.cases} cases, and no difference`);
  });
}
