import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { type Principal, systemClock } from '../../kernel/index.ts';
import { checkSources } from '../checked.ts';
import { openPolicies } from '../policies.ts';
import { type PolicySources, readSources } from '../sources.ts';
import type { Explanation } from './explain.ts';
import { narrower } from './narrower.ts';
import type { SupposedCall } from './question-put.ts';
import { openWhatIf, type WhatIf } from './what-if.ts';

const starter = readSources(fileURLToPath(new URL('../../../policies', import.meta.url)));
const log = { span: async () => ({ from: 0, to: 0 }), range: async () => [] };

function asking(more: Record<string, string> = {}, policies = starter.policies): WhatIf {
  const sources: PolicySources = {
    schema: starter.schema,
    policies: { ...policies, ...more },
  };
  const clock = systemClock;
  return openWhatIf({ policies: openPolicies({ sources, clock }), log, clock });
}

const bot: Principal = {
  kind: 'agent',
  id: 'agt_1',
  name: 'bot',
  owner: 'ada',
  tenant: 'default',
  risk: 0,
  credential: { kind: 'at+jwt', id: 'tok_1', expires: 0 },
  actors: [],
};

function callOf(more: Partial<SupposedCall> = {}): SupposedCall {
  const resource = { type: 'model', id: 'x@1' } as const;
  return { principal: bot, resource, groups: ['general'], provider: 'acme', ...more };
}

function of(action: string, all: readonly Explanation[]): Explanation {
  const one = all.find((explanation) => explanation.action === action);
  assert.ok(one !== undefined);
  return one;
}

describe('why a call is decided as it is', () => {
  test('what passes names its permits with place, text and demands (A2)', () => {
    const { decision, by, policies, changes } = of('call_model', asking().explain(callOf()));
    assert.deepEqual([decision, by, changes], ['allow', ['general-models'], []]);
    const [permit] = policies;
    assert.ok(permit !== undefined);
    assert.match(permit.where, /^models\.cedar:\d+:1$/);
    assert.match(permit.text, /^@id\("general-models"\)\npermit/);
    assert.deepEqual(
      permit.conditions.map(({ part, text, met }) => [part, text, met]),
      [
        ['principal', 'principal is Agent', true],
        ['action', 'action == Action::"call_model"', true],
        ['resource', 'resource in ModelGroup::"general"', true],
      ],
    );
  });

  test('what nobody permits names the nearest permits and what they lack (A2)', () => {
    const near =
      '@id("far") permit (principal in Tenant::"t", action == Action::"call_model", resource == Model::"y@1") when { context.stream && principal.risk < 5 };' +
      '@id("near") permit (principal is Agent, action == Action::"call_model", resource) when { principal.risk < 5 } unless { context.asked == "x@1" || context.stream };';
    const all = asking({ 'more.cedar': near }).explain(callOf({ groups: [] }));
    const { decision, by, changes } = of('call_model', all);
    assert.deepEqual([decision, by], ['deny', []]);
    assert.deepEqual(changes, [
      '`general-models` would permit if model `x@1` were in ModelGroup `general`',
      '`near` would permit if not `context.asked == "x@1"` (`context.asked` is "x@1")',
      '`far` would permit if agent `bot` were in Tenant `t` and model `x@1` were Model `y@1` and `context.stream` (`context.stream` is false) held',
    ]);
  });

  test('of many permits those whose scope fits come first (A2)', () => {
    const permit = (id: string, rest: string) =>
      `@id("${id}") permit (principal is Agent, action == Action::"call_model", resource ${rest};`;
    const many = Array.from({ length: 300 }, (_, n) => permit(`m${n}`, `== Model::"m${n}@1")`));
    const near = permit('near', 'in Provider::"acme") when { context.stream }');
    const all = asking({ 'many.cedar': [...many, near].join('\n') }, {}).explain(callOf());
    const { changes, policies } = of('call_model', all);
    assert.deepEqual([policies.length, changes.length], [5, 5]);
    assert.match(String(changes[0]), /^`near` would permit if `context\.stream`/);
  });

  test('a forbid says why it matches and what releases it (A2, M5)', () => {
    const risky = {
      ...bot,
      risk: 70,
      credential: { ...bot.credential, kind: 'static-key' as const },
    };
    const all = asking().explain(callOf({ principal: risky, features: ['stored_state'] }));
    const entering = of('enter', all);
    assert.deepEqual(entering.by, ['static-keys-low-risk-only']);
    assert.deepEqual(entering.changes, [
      '`static-keys-low-risk-only` forbids because `principal.risk >= 50` (`principal.risk` is 70) and `context.caller.credential == "static-key"` (`context.caller.credential` is "static-key"); it would not if one of these were otherwise',
    ]);
    const [change] = of('call_model', all).changes;
    assert.match(String(change), /^`no-stored-state` forbids because .*stored_state/);
    assert.match(String(change), /or if model `x@1` were in ModelGroup `allows-stored-state`$/);
  });

  test('feedback is explained where it is asked for, a tool as what it is (A2, M5)', () => {
    const [, seen] = asking().explain(callOf({ features: ['logprobs'] }));
    assert.deepEqual([seen?.action, seen?.decision], ['see_feedback', 'deny']);
    assert.match(String(seen?.changes[0]), /were in ModelGroup `allows-logprobs`/);
    const all = asking().explain(callOf({ resource: { type: 'tool', id: 'mail.send' } }));
    assert.match(String(of('call_tool', all).changes[0]), /^no policy permits `call_tool` at all/);
  });

  test('a policy that fails is told, since nothing passes while it does (A2)', () => {
    const failing =
      '@id("overflows") forbid (principal, action == Action::"call_model", resource) when { 9223372036854775807 + principal.risk > 3 };';
    const risky = { ...bot, risk: 1, credential: { ...bot.credential, bound: true } };
    const { decision, by, changes } = of(
      'call_model',
      asking({ 'f.cedar': failing }).explain(callOf({ principal: risky })),
    );
    assert.deepEqual([decision, by], ['error', ['overflows']]);
    assert.deepEqual(changes, ['`overflows` failed, and nothing passes while it does']);
  });

  test('a matching policy is one whose demands are all met, as Cedar says (A2)', () => {
    const whatIf = asking();
    const features = ['stored_state', 'hosted_tool:x', 'remote_content', 'other_model', 'logprobs'];
    const groups = ['general', 'allows-stored-state', 'allows-hosted-tools', 'allows-logprobs'];
    const call = fc.record({ features: fc.subarray(features), groups: fc.subarray(groups) });
    fc.assert(
      fc.property(call, (more) => {
        for (const { decision, by, policies } of whatIf.explain(callOf(more))) {
          for (const { matches, conditions, decided, effect } of policies) {
            assert.equal(
              matches,
              conditions.every(({ met }) => met === true),
            );
            assert.equal(decided, matches && (decision === 'allow') === (effect === 'permit'));
          }
          const deciding = policies.filter(({ decided }) => decided).map(({ id }) => id);
          assert.deepEqual([...deciding].sort(), by);
        }
      }),
      { numRuns: 40 },
    );
  });
});

test('a narrower policy leaves exactly what was used, whatever models are called (A2)', () => {
  const ids: readonly string[] = ['a@1', 'b"@2', 'ü\n@3', '\\@4', 'long name@5'];
  fc.assert(
    fc.property(fc.subarray([...ids]), (models) => {
      const text = narrower({ agent: { id: 'agt_1', name: 'bot' }, models });
      const policies = { ...starter.policies, 'narrow.cedar': text };
      assert.deepEqual(checkSources({ schema: starter.schema, policies }).errors, []);
      const whatIf = asking({ 'narrow.cedar': text });
      for (const one of ids) {
        const call = callOf({ resource: { type: 'model', id: one } });
        assert.equal(whatIf.says(call).level, models.includes(one) ? 'allow' : 'deny');
        const other = { ...call, principal: { ...bot, id: 'agt_2', name: 'other' } };
        assert.equal(whatIf.says(other).level, 'allow');
      }
    }),
    { numRuns: 6 },
  );
});
