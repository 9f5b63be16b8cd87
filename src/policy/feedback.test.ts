import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { amended, type Json, type Opinion, type Subject, subject } from '../kernel/index.ts';
import { openPolicies } from './policies.ts';

const folder = fileURLToPath(new URL('../../policies', import.meta.url));
const clock = { now: () => Date.parse('2030-01-02T15:00:00Z'), after: () => () => {} };
const policies = openPolicies({ folder, clock });

function judged(content: Json, groups: readonly string[] = ['general'], features = ['logprobs']) {
  const asked = subject({
    stage: 'input',
    trace: '0'.repeat(32),
    step: 0,
    principal: {
      ...{ kind: 'agent', id: 'agt_1', name: 'tester', owner: 'ada', tenant: 'default' },
      credential: { kind: 'at+jwt', id: 'jti', expires: 0 },
      actors: [],
    },
    resource: { type: 'model', id: 'small@1' },
    context: { protocol: 'openai.chat', features, groups, provider: 'openai' },
    measures: {},
    content,
    parts: [],
  });
  return policies.feedback().judge(asked, () => new AbortController().signal) as Opinion;
}

const chat = { model: 'm', logprobs: true, top_logprobs: 5, messages: [] };
const include = ['reasoning.encrypted_content', 'message.output_text.logprobs'];
const responses = { model: 'm', input: 'x', top_logprobs: 3, include };

test('what asks for log-probabilities is taken out of a chat (M5)', () => {
  const { level, code, drops, evidence } = judged(chat);
  assert.deepEqual([level, code], ['amend', 'feedback_stripped']);
  assert.deepEqual(evidence, { policySet: policies.hash, policies: [] });
  assert.deepEqual(amended(chat, [], drops), { model: 'm', messages: [] });
});

test('and out of a request to the Responses API, wherever it stands (M5)', () => {
  const { drops } = judged(responses);
  const left = { model: 'm', input: 'x', include: ['reasoning.encrypted_content'] };
  assert.deepEqual(amended(responses, [], drops), left);
  const twice = { include: [...include, ...include] };
  const kept = ['reasoning.encrypted_content', 'reasoning.encrypted_content'];
  assert.deepEqual(amended(twice, [], judged(twice).drops), { include: kept });
});

test('a group on the model grants them, and nobody else has to be asked (M5)', () => {
  assert.equal(judged(chat, ['general', 'allows-logprobs']).level, 'allow');
  assert.deepEqual(judged(chat, ['general'], ['kept_upstream']), { level: 'allow' });
});

test('a request that asks in a way that is not known is refused (M5)', () => {
  for (const content of [{ options: { logprobs: 1 } }, [], null, 'logprobs'] as Json[]) {
    const { level, code } = judged(content);
    assert.deepEqual([level, code], ['deny', 'feedback_refused']);
  }
});

test('policies that fail refuse, they do not strip (M5, A2)', () => {
  const { level, code } = judged(chat, ['general', '\ud800 allows-logprobs']);
  assert.deepEqual([level, code], ['amend', 'feedback_stripped'], 'a group that nobody speaks of');
  const odd = {
    clock,
    sources: { ...policies.sources, tests: {}, policies: { 'a.cedar': overflow } },
  };
  const failing = openPolicies(odd).feedback();
  const asked = { content: chat, context: { features: ['logprobs'], groups: [] } };
  const base = { stage: 'input', trace: '', step: 0, measures: {}, parts: [] } as const;
  const principal: Subject['principal'] = {
    ...{ id: 'a', name: 'a', owner: 'o', tenant: 't', risk: 100, actors: [] },
    kind: 'agent',
    credential: { kind: 'at+jwt', id: 'jti', expires: 0 },
  };
  const resource = { type: 'model', id: 'm@1' } as const;
  const opinion = failing.judge(
    subject({ ...base, ...asked, principal, resource }),
    () => new AbortController().signal,
  ) as Opinion;
  assert.deepEqual([opinion.level, opinion.code], ['deny', 'policy_error']);
});

const overflow = `@id("overflows") forbid (principal, action == Action::"see_feedback", resource)
  when { principal.risk * 9223372036854775807 == 5 };`;
