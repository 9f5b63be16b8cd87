import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyToJson } from '@cedar-policy/cedar-wasm/nodejs';
import { mentionsOf } from './mentions.ts';

const caller = [
  'actors',
  'bound',
  'caller',
  'credential',
  'delegated',
  'depth',
  'scoped',
  'scopes',
];
const time = ['hour', 'time', 'weekday'];
const context = [
  ...[...caller, ...time, 'asked', 'cost', 'features', 'kind', 'labels', 'protocol', 'stream'],
  'tokens',
].sort();

const forms: Record<string, readonly string[]> = {
  true: [],
  'principal == principal': [],
  'context.cost > 1': ['cost'],
  'context["cost"] > 1': ['cost'],
  'context has cost': ['cost'],
  'context has caller.bound': ['bound', 'caller'],
  'principal has risk && principal["risk"] > 1': ['risk'],
  'context.caller.actors.contains("agent:a")': ['actors', 'caller'],
  'context.caller has bound': ['bound', 'caller'],
  'context.caller == context.caller': caller,
  '(if true then context.caller else context.caller).depth > 1': caller,
  '{ c: context.time }.c.hour > 1': [...time, 'c'].sort(),
  '{ attr: context.cost, id: context.stream }.attr > 1': ['attr', 'cost', 'stream'],
  '{ left: context, attr: 1 }.attr > 1': [...context, 'attr'].sort(),
  'context == context': context,
  '[context].contains({})': context,
  'resource in ModelGroup::"general"': ['general'],
  'resource in [ModelGroup::"a", Provider::"b"]': ['a', 'b'],
  'principal is Agent in Tenant::"a"': ['a'],
  'principal in principal.tenant': ['tenant'],
  'principal.owner == Person::"ada"': ['ada', 'owner'],
};

for (const [condition, expected] of Object.entries(forms)) {
  test(`${condition}: speaks of ${expected.join(', ') || 'nothing'} (A2)`, () => {
    const read = policyToJson(`permit (principal, action, resource) when { ${condition} };`);
    assert.ok(read.type === 'success', JSON.stringify(read));
    assert.deepEqual([...mentionsOf(read.json)].sort(), expected);
  });
}

test('a scope speaks of the entities it names, but not of actions (A2)', () => {
  const scope =
    'principal is Agent in Tenant::"a", action == Action::"enter", resource == Model::"m"';
  const read = policyToJson(`permit (${scope});`);
  assert.ok(read.type === 'success', JSON.stringify(read));
  assert.deepEqual([...mentionsOf(read.json)].sort(), ['a', 'm']);
});
