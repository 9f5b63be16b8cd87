import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { GatehouseError, type Opinion, type Subject, subject } from '../kernel/index.ts';
import { everything } from './mentions.ts';
import { openPolicies, type Policies } from './policies.ts';
import { question, timeOf } from './question.ts';
import { questionKey } from './standing.ts';

const folder = fileURLToPath(new URL('../../policies', import.meta.url));
const schema = readFileSync(join(folder, 'schema.cedarschema'), 'utf8');
const clock = { now: () => Date.parse('2030-01-02T15:00:00Z'), after: () => () => {} };
const stop = () => new AbortController().signal;

const agent: Subject['principal'] = {
  kind: 'agent',
  id: 'agt_1',
  name: 'tester',
  owner: 'ada',
  tenant: 'default',
  credential: { kind: 'static-key', id: 'key_1', expires: 0 },
  actors: [],
};

const context = {
  protocol: 'openai.chat',
  stream: false,
  asked: 'small',
  credential: 'static-key',
  features: [] as string[],
  provider: 'openai',
  groups: ['general'],
};

function asking(change: Partial<Subject> = {}): Subject {
  return subject({
    stage: 'model',
    trace: '0'.repeat(32),
    step: 0,
    principal: agent,
    resource: { type: 'model', id: 'small@1' },
    context,
    measures: {},
    content: null,
    parts: [],
    ...change,
  });
}

function judge(policies: Policies, asked: Subject): Opinion {
  const opinion = policies.control().judge(asked, stop);
  assert.ok(!(opinion instanceof Promise));
  return opinion;
}

function sources(policy: string): Policies {
  return openPolicies({ clock, sources: { schema, policies: { 'a.cedar': policy } } });
}

describe('the policies that come along', () => {
  const policies = openPolicies({ folder, clock, log: (line) => assert.fail(line) });

  test('let every agent enter, and use models of the group general (A2)', () => {
    const entering = asking({ stage: 'enter', resource: { type: 'gateway', id: 'gateway' } });
    assert.equal(judge(policies, entering).level, 'allow');
    const opinion = judge(policies, asking());
    assert.equal(opinion.level, 'allow');
    assert.deepEqual(opinion.evidence, { policySet: policies.hash, policies: ['general-models'] });
  });

  test('refuse what nobody granted: another group, none, an unlisted model, a tool (A2)', () => {
    const refused = [
      asking({ context: { ...context, groups: ['restricted'] } }),
      asking({ context: { ...context, groups: [] } }),
      asking({ context: { ...context, groups: [], provider: '' } }),
      asking({ stage: 'action', resource: { type: 'tool', id: 'mail.send' } }),
    ];
    for (const one of refused) {
      const opinion = judge(policies, one);
      assert.equal(opinion.level, 'deny');
      assert.equal(opinion.code, 'policy_default');
      assert.match(opinion.reason ?? '', /tester/);
    }
  });

  const risky: [string, string, string][] = [
    ['stored_state', 'no-stored-state', 'allows-stored-state'],
    ['hosted_tool:web_search', 'no-hosted-tools', 'allows-hosted-tools'],
    ['remote_content', 'no-remote-content', 'allows-remote-content'],
    ['remote_content:image', 'no-remote-content', 'allows-remote-content'],
    ['other_model', 'no-other-model', 'allows-other-model'],
  ];
  for (const [feature, id, group] of risky) {
    test(`refuse ${feature} unless it is granted, and say so (A2, M5)`, () => {
      const features = [feature];
      const opinion = judge(policies, asking({ context: { ...context, features } }));
      assert.equal(opinion.code, 'policy_forbidden');
      assert.deepEqual(opinion.evidence?.['policies'], [id]);
      assert.match(opinion.reason ?? '', new RegExp(group));
      const granted = { ...context, features, groups: ['general', group] };
      assert.equal(judge(policies, asking({ context: granted })).level, 'allow');
    });
  }

  test('have an id each, and a reason for each refusal (A2)', () => {
    for (const { id, effect, reason } of policies.policies) {
      assert.doesNotMatch(id, /#/);
      if (effect === 'forbid') assert.ok(reason, id);
    }
  });
});

describe('policies', () => {
  test('deny where any of them fails, though Cedar would skip the one that fails (A2)', () => {
    const policies = sources(`
      permit (principal, action, resource);
      @id("overflows") forbid (principal, action == Action::"call_model", resource)
      when { 9223372036854775807 + (if context.stream then 1 else 0) == 5 };`);
    assert.equal(judge(policies, asking()).level, 'allow');
    const opinion = judge(policies, asking({ context: { ...context, stream: true } }));
    assert.equal(opinion.code, 'policy_error');
    assert.deepEqual(opinion.evidence?.['policies'], ['overflows']);
  });

  test('deny what does not fit the schema (A2)', () => {
    const policies = sources('permit (principal, action, resource);');
    const person = { ...agent, kind: 'person' as const };
    for (const one of [
      asking({ principal: person }),
      asking({ resource: { type: 'tool', id: 'x' } }),
      asking({ stage: 'action', resource: { type: 'artifact', id: 'x' } }),
    ]) {
      assert.equal(judge(policies, one).code, 'policy_error');
    }
    const speaking = sources(
      'permit (principal, action == Action::"call_model", resource) when { context.features.isEmpty() };',
    );
    const odd = asking({ context: { ...context, features: [1] } });
    assert.throws(() => judge(speaking, odd), TypeError);
  });

  test('see tenant, owner, credential, delegation, provider and the name asked for (A1, A2)', () => {
    const policies = sources(`
      permit (principal in Tenant::"default", action == Action::"call_model",
              resource in Provider::"openai")
      when { principal.owner == Person::"ada" && principal.name == "tester"
        && context.asked == "small" && context.caller.credential == "at+jwt"
        && context.caller.actors.contains("person:alice") && context.caller.delegated };`);
    const principal = {
      ...agent,
      credential: { kind: 'at+jwt' as const, id: 't', expires: 0 },
      actors: [{ kind: 'person' as const, id: 'alice' }],
    };
    assert.equal(judge(policies, asking({ principal })).level, 'allow');
    for (const change of [
      { principal: agent },
      { principal: { ...principal, tenant: 'other' } },
      { principal: { ...principal, owner: 'bob' } },
      { principal, context: { ...context, provider: 'other' } },
      { principal, context: { ...context, asked: 'other' } },
    ]) {
      assert.equal(judge(policies, asking(change)).level, 'deny', JSON.stringify(change));
    }
  });

  test('answer the same question from memory, and no other one (A2)', () => {
    const policies = sources('permit (principal, action, resource);');
    assert.equal(judge(policies, asking()), judge(policies, asking()));
    const two = [
      asking({ context: { ...context, features: ['a', 'b'] } }),
      asking({ context: { ...context, features: ['a1:b'] } }),
      asking({ context: { ...context, features: ['a'], groups: ['b'] } }),
      asking({ context: { ...context, asked: 'smallf1:a' } }),
      asking({ principal: { ...agent, id: 'agt_', name: '1tester' } }),
      asking({ principal: { ...agent, actors: [{ kind: 'agent', id: 'x' }] } }),
      asking({ principal: { ...agent, actors: [{ kind: 'person', id: 'x' }] } }),
      asking({ context: { ...context, stream: true } }),
      asking(),
    ];
    const time = timeOf(clock.now());
    const asked = { action: 'call_model', time, mentions: everything } as const;
    const keys = two.map((one) => questionKey(question('x', one, asked), one));
    assert.equal(new Set(keys).size, two.length);
  });

  test('tell each caller its own name where they refuse, though none speaks of names (A2)', () => {
    const policies = sources('permit (principal, action == Action::"enter", resource);');
    for (const name of ['one', 'two']) {
      const opinion = judge(policies, asking({ principal: { ...agent, name } }));
      assert.match(opinion.reason ?? '', new RegExp(`no policy lets agent .${name}. `));
    }
  });

  test('that are not valid are told with file, line and mend, all of them (A2)', () => {
    const bad = (policy: string) => {
      try {
        sources(policy);
      } catch (error) {
        assert.ok(error instanceof GatehouseError);
        assert.equal(error.code, 'bad_config');
        return error.message;
      }
      return assert.fail('it was taken');
    };
    const typo =
      '// é\npermit (principal, action == Action::"enter", resource)\n  when { principal.nam == "x" };';
    assert.match(bad(typo), /a\.cedar:3:10: attribute `nam`.*\(did you mean `name`\?\)/);
    assert.match(bad('permit (principal,\n actionx);'), /a\.cedar:2:2/);
    const twice = '@id("x") permit (principal, action, resource);\n'.repeat(2);
    assert.match(bad(twice), /a\.cedar:2:1: the id `x` is used twice/);
    assert.match(bad('permit (principal == ?principal, action, resource);'), /templates/);
    const broken = { schema: 'entity ;', policies: {} };
    assert.throws(() => openPolicies({ clock, sources: broken }), /schema\.cedarschema:1:8/);
  });

  test('without an id are named by file and place (A2)', () => {
    const policy = 'permit (principal, action, resource);\n';
    const { policies } = sources(policy.repeat(12));
    assert.deepEqual(
      policies.map(({ id, where }) => [id, where]),
      Array.from({ length: 12 }, (_, i) => [`a.cedar#${i + 1}`, `a.cedar:${i + 1}:1`]),
    );
  });

  test('that can never apply are warned of (A2)', () => {
    const lines: string[] = [];
    const policy = 'permit (principal, action, resource) when { false };';
    const all = { schema, policies: { 'a.cedar': policy } };
    const policies = openPolicies({ clock, sources: all, log: (line) => lines.push(line) });
    assert.match(lines.join(), /a\.cedar:1:1: policy is impossible/);
    assert.equal(policies.check().warnings.length, 1);
  });
});

test('a reload counts when it is good, and changes nothing when it is not (A2)', () => {
  const copy = mkdtempSync(join(tmpdir(), 'gatehouse-policies-'));
  try {
    cpSync(folder, copy, { recursive: true });
    rmSync(join(copy, 'starter.test.yaml'));
    const lines: string[] = [];
    const policies = openPolicies({ clock, folder: copy, log: (line) => lines.push(line) });
    const control = policies.control();
    const { hash } = policies;
    const level = () => (control.judge(asking(), stop) as Opinion).level;
    assert.equal(level(), 'allow');
    writeFileSync(join(copy, 'stop.cedar'), 'forbid (principal, action, resource');
    assert.equal(policies.check().ok, false);
    assert.equal(policies.reload().ok, false);
    assert.match(lines.join(), /stay.*stop\.cedar:1/);
    assert.equal(policies.hash, hash);
    assert.equal(level(), 'allow');
    writeFileSync(join(copy, 'stop.cedar'), 'forbid (principal, action, resource);');
    assert.equal(policies.check().ok, true);
    assert.equal(level(), 'allow', 'checking puts nothing in force');
    assert.equal(policies.reload().ok, true);
    assert.notEqual(policies.hash, hash);
    assert.equal(level(), 'deny');
    rmSync(join(copy, 'stop.cedar'));
    policies.reload();
    assert.equal(policies.hash, hash, 'the same sources have the same hash');
    assert.equal(level(), 'allow');
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});

test('a folder that is not there is told by name', () => {
  assert.throws(
    () => openPolicies({ clock, folder: '/nowhere/policies' }),
    /`\/nowhere\/policies`.*ENOENT/,
  );
});
