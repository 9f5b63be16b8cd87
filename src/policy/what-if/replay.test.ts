import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { type TestStore, testStore } from '../../../test/database.ts';
import { closeLedgers, draft, testLedger } from '../../../test/ledger/world.ts';
import {
  type Binding,
  type Clock,
  decide,
  type Opinion,
  type Principal,
} from '../../kernel/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import { openPolicies, type Policies } from '../policies.ts';
import { type PolicySources, readSources } from '../sources.ts';
import { type Put, questionsOf, type SupposedCall } from './question-put.ts';
import type { Progress, Replay } from './replay.ts';
import { openWhatIf, type WhatIf } from './what-if.ts';

const start = Date.parse('2026-03-02T00:00:00.000Z');
const hour = 3_600_000;
const count = 160;
const stop = () => new AbortController().signal;
const starter = readSources(fileURLToPath(new URL('../../../policies', import.meta.url)));
const inForce: PolicySources = { schema: starter.schema, policies: starter.policies };

function clockAt(read: () => number): Clock {
  return { now: read, after: () => () => {} };
}

const principal: fc.Arbitrary<Principal> = fc.record({
  kind: fc.constant('agent' as const),
  id: fc.constantFrom('agt_1', 'agt_2'),
  name: fc.constantFrom('one', 'two'),
  owner: fc.constant('ada'),
  tenant: fc.constantFrom('a', 'b'),
  risk: fc.constantFrom(0, 60, 90),
  credential: fc.record(
    {
      kind: fc.constantFrom('static-key' as const, 'at+jwt' as const),
      id: fc.constant('key_1'),
      expires: fc.constant(0),
      bound: fc.boolean(),
      scopes: fc.constantFrom(['call_model'], ['call_model:general', 'call_tool']),
    },
    { requiredKeys: ['kind', 'id', 'expires'] },
  ),
  actors: fc.constantFrom([], [{ kind: 'person' as const, id: 'bo' }]),
});

const call: fc.Arbitrary<SupposedCall> = fc.record({
  principal,
  resource: fc.constantFrom(
    { type: 'model' as const, id: 'small@1' },
    { type: 'model' as const, id: 'large@2' },
  ),
  asked: fc.constantFrom('small', 'large@2'),
  stream: fc.boolean(),
  features: fc.subarray(['logprobs', 'stored_state', 'hosted_tool:web_search', 'remote_content']),
  groups: fc.subarray(['general', 'allows-stored-state', 'allows-logprobs']),
  provider: fc.constantFrom('acme', 'other'),
  tokens: fc.nat(5_000),
  cost: fc.nat(900_000),
  labels: fc.subarray(['pii']),
});

const conditions = [
  'principal.risk >= 50',
  'context.caller.credential == "static-key"',
  'context.caller.delegated',
  'principal.name == "one"',
  'context.time.hour < 9',
  'context has time && principal in Tenant::"a"',
];
const ofModels = [
  'context.cost > 400000',
  'context.tokens > 2500 || context.stream',
  'resource in Provider::"acme"',
  'context.labels.contains("pii")',
  'context.features.contains("stored_state")',
];

const policy = fc
  .record({
    effect: fc.constantFrom('permit', 'forbid'),
    action: fc.constantFrom('enter', 'call_model', 'see_feedback'),
    kind: fc.constantFrom('when', 'unless'),
    pick: fc.nat(100),
  })
  .map(({ effect, action, kind, pick }) => {
    const all = action === 'call_model' ? [...conditions, ...ofModels] : conditions;
    const body = all[pick % all.length];
    return `${effect} (principal is Agent, action == Action::"${action}", resource) ${kind} { ${body} };\n`;
  });

const candidate = fc
  .record({
    keeps: fc.subarray(Object.keys(inForce.policies)),
    adds: fc.array(policy, { maxLength: 4 }),
  })
  .map(({ keeps, adds }): PolicySources => {
    const kept = keeps.map((name) => [name, inForce.policies[name] as string]);
    const policies = { ...Object.fromEntries(kept), 'more.cedar': adds.join('') };
    return { schema: inForce.schema, policies };
  });

describe('the past decided anew', () => {
  const calls = fc.sample(call, { numRuns: count, seed: 7 });
  let store: TestStore;
  let ledger: Ledger;
  let whatIf: WhatIf;
  let now = start;

  before(async () => {
    store = await testStore();
    ledger = await testLedger(store);
    const clock = clockAt(() => now);
    const policies = openPolicies({ sources: inForce, clock });
    whatIf = openWhatIf({ policies, log: ledger, clock: clockAt(() => start + 1_000 * hour) });
    await Promise.all(calls.map((one, i) => decided(policies, one, i)));
  });
  after(async () => {
    await closeLedgers();
    await store.close();
  });

  // One call an hour, judged and written as the gateway does.
  async function decided(policies: Policies, one: SupposedCall, i: number): Promise<void> {
    now = start + i * hour;
    const at = now;
    const bind = (control: Binding['control']): Binding => {
      return { control, mode: 'enforce', timeoutMs: 1_000, onFailure: 'deny' };
    };
    const bindings = [bind(policies.control()), bind(policies.feedback())];
    const trace = i.toString(16).padStart(32, '0');
    const subjects = questionsOf({ ...one, trace }).map(({ subject }) => {
      return subject.stage === 'input' ? { ...subject, content: { logprobs: true } } : subject;
    });
    const checkpoint = { bindings, recorder: ledger, clock: clockAt(() => at) };
    const facts = { policySet: policies.hash };
    await (await decide(checkpoint, subjects, { facts })).recorded;
  }

  async function replayed(sources: PolicySources, since = start, limit = 1_000): Promise<Replay> {
    const steps = whatIf.replay({ sources, since, limit });
    let last: IteratorResult<Progress, Replay>;
    do last = await steps.next();
    while (last.done !== true);
    return last.value;
  }

  // What a set says of a question when it is asked outright.
  function asked(policies: Policies, { action, subject }: Put): 'allow' | 'deny' {
    const control = action === 'see_feedback' ? policies.feedback() : policies.control();
    const content = { logprobs: true };
    const opinion = control.judge({ ...subject, content }, stop) as Opinion;
    return opinion.level === 'allow' ? 'allow' : 'deny';
  }

  test('under the same set differs in nothing (A2)', async () => {
    const { decisions, differing, undecided, differences } = await replayed(inForce);
    assert.deepEqual([decisions, differing, undecided, differences], [count, 0, [], []]);
  });

  test('differs exactly where deciding anew does, whatever the change (A2)', async () => {
    const before = openPolicies({ sources: inForce, clock: clockAt(() => now) });
    await fc.assert(
      fc.asyncProperty(candidate, async (sources) => {
        const after = openPolicies({ sources, clock: clockAt(() => now) });
        const expected = new Map<string, number>();
        const differing = new Set<number>();
        for (const [i, one] of calls.entries()) {
          now = start + i * hour;
          for (const put of questionsOf(one)) {
            const [was, wouldBe] = [asked(before, put), asked(after, put)];
            if (was === wouldBe) continue;
            differing.add(i);
            const { action, subject } = put;
            const key = [subject.principal.name, action, subject.resource.id, was, wouldBe].join();
            expected.set(key, (expected.get(key) ?? 0) + 1);
          }
        }
        const found = await replayed(sources);
        const got = new Map<string, number>();
        for (const { agent, action, resource, was, wouldBe, count: some } of found.differences) {
          const key = [agent, action, resource, was, wouldBe].join();
          got.set(key, (got.get(key) ?? 0) + some);
        }
        assert.deepEqual(new Map([...got].sort()), new Map([...expected].sort()));
        assert.deepEqual([found.differing, found.unlisted], [differing.size, 0]);
      }),
      { numRuns: 5 },
    );
  });

  test('tells the policies before and after, when, and an example (A2)', async () => {
    const more =
      '@id("no-night") forbid (principal, action, resource) when { context.time.hour < 6 };';
    const sources = { ...inForce, policies: { ...inForce.policies, 'night.cedar': more } };
    const { differences, candidate: hash } = await replayed(sources);
    assert.notEqual(hash, openPolicies({ sources: inForce, clock: clockAt(() => now) }).hash);
    const [first] = differences;
    assert.ok(first !== undefined);
    assert.deepEqual([first.was, first.wouldBe, first.inForce], ['allow', 'deny', 'allow']);
    assert.deepEqual(first.after, ['no-night']);
    assert.equal(differences.find(({ action }) => action === 'enter')?.before?.[0], 'agents-enter');
    assert.ok(first.first < first.last && new Date(first.last).getUTCHours() < 6);
    assert.equal(first.trace, ((first.last - start) / hour).toString(16).padStart(32, '0'));
    const few = await replayed(sources, start, 1);
    const all = differences.reduce((sum, one) => sum + one.count, 0);
    assert.deepEqual([few.differences.length, few.unlisted], [1, all - first.count]);
    const late = await replayed(sources, start + 100 * hour);
    assert.equal(late.decisions, count - 100);
  });

  test('guesses nothing that is not on the record (A2, A4)', async () => {
    const since = start + 10_000 * hour;
    const at = new Date(since + hour).toISOString();
    const whole = (await ledger.range(0, 1))[0]?.entry ?? {};
    const context = whole['context'] as Record<string, string>;
    const { groups: _, ...less } = context;
    const { cost: __, ...free } = context;
    const { controls: ___, ...alone } = whole;
    const failed = {
      control: 'policy.cedar',
      stage: 'model',
      level: 'deny',
      code: 'control_timeout',
    };
    for (const more of [
      { ...whole, context: less },
      { ...whole, context: free },
      { ...whole, principal: {} },
      { ...whole, findings: [failed] },
      { ...whole, findings: [], findingsTotal: 60 },
      alone,
      { ...whole, stages: ['output'] },
    ]) {
      await ledger.record(draft({ ...more, at }));
    }
    const limit =
      'forbid (principal, action == Action::"call_model", resource) when { context.cost > 5 };';
    const sources = { ...inForce, policies: { ...inForce.policies, 'cost.cedar': limit } };
    const late = openWhatIf({
      policies: openPolicies({ sources: inForce, clock: clockAt(() => now) }),
      log: ledger,
      clock: clockAt(() => since + 2 * hour),
    });
    const steps = late.replay({ sources, since, limit: 10 });
    let last = await steps.next();
    while (last.done !== true) last = await steps.next();
    const { decisions, undecided } = last.value;
    assert.equal(decisions, 0);
    assert.deepEqual(Object.fromEntries(undecided.map(({ lacks, count: n }) => [lacks, n])), {
      "the model's groups": 1,
      'its cost': 1,
      'who asked': 1,
      'what the policies decided': 3,
    });
  });

  test('refuses a set that is not valid, and more at once than it can hold (A2)', async () => {
    const bad = { ...inForce, policies: { 'a.cedar': 'permit (principal' } };
    await assert.rejects(replayed(bad), /a\.cedar:1.*policy check/);
    const two = [1, 2].map(() => whatIf.replay({ sources: inForce, since: start, limit: 1 }));
    for (const one of two) await one.next();
    await assert.rejects(replayed(inForce), { code: 'busy' });
    for (const one of two) await one.return(undefined as never);
    assert.equal((await replayed(inForce)).differing, 0);
  });
});
