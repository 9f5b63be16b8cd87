import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkSources } from './checked.ts';
import { openPolicies } from './policies.ts';
import { readSources } from './sources.ts';

const folder = fileURLToPath(new URL('../../policies', import.meta.url));
const sources = readSources(folder);
const { schema } = sources;
const general = `@id("general") permit (principal, action == Action::"call_model",
  resource in ModelGroup::"general");
@id("hours") forbid (principal, action, resource) when { context.time.hour < 7 };
@id("dear") forbid (principal, action == Action::"call_model", resource)
  when { context.cost > 500000 };`;

function checked(text: string, policies = general) {
  return checkSources({
    schema,
    policies: { 'a.cedar': policies },
    tests: { 'a.test.yaml': text },
  });
}

function failures(text: string, policies?: string): readonly string[] {
  const { ok, errors } = checked(text, policies);
  assert.equal(ok, errors.length === 0);
  return errors.map(({ where, message }) => `${where}: ${message}`);
}

describe('tests of policies', () => {
  test('that pass are counted, with what they leave out filled in (A2)', () => {
    const { ok, tests } = checked(`tests:
  - { name: models, expect: allow, by: [general] }
  - { name: night, time: { hour: 6 }, expect: deny, by: [hours] }
  - { name: dear, cost: 500001, expect: deny, by: [dear] }
  - { name: nobody enters, action: enter, expect: deny, by: [] }`);
    assert.equal(ok, true);
    assert.deepEqual(
      tests.map(({ name, ok: passed }) => [name, passed]),
      ['models', 'night', 'dear', 'nobody enters'].map((name) => [name, true]),
    );
  });

  test('that fail say what was expected, what came, and by which policies (A2)', () => {
    assert.deepEqual(
      failures(`tests:
  - name: the wrong way
    expect: deny
  - { name: the wrong policy, expect: allow, by: [hours] }
  - { name: at night, time: { hour: 1 }, expect: allow }
  - { name: too many, time: { hour: 1 }, cost: 500001, expect: deny, by: [hours] }
  - { name: no grant, model: { groups: [] }, expect: allow }`),
      [
        'a.test.yaml:2:5: test `the wrong way`: expected deny, got allow by `general`',
        'a.test.yaml:4:5: test `the wrong policy`: expected allow by `hours`, got allow by `general`',
        'a.test.yaml:5:5: test `at night`: expected allow, got deny by `hours`',
        'a.test.yaml:6:5: test `too many`: expected deny by `hours`, got deny by `dear`, `hours`',
        'a.test.yaml:7:5: test `no grant`: expected allow, got deny by no policy',
      ],
    );
  });

  test('in which a policy fails do not pass, whatever they expect (A2)', () => {
    const overflow =
      '@id("x") forbid (principal, action, resource) when { principal.risk * 9223372036854775807 > 0 };';
    const [one] = failures('tests: [{ name: a, agent: { risk: 2 }, expect: deny }]', overflow);
    assert.match(one ?? '', /test `a`: expected deny, but `x` failed/);
  });

  const broken: [string, string, RegExp][] = [
    [
      'a misspelt field',
      '- { name: a, expct: deny, expect: deny }',
      /^a\.test\.yaml:2:14: test `a`, field `expct`: there is no such field/,
    ],
    [
      'a misspelt field in a field',
      '- { name: a, agent: { rsk: 1 }, expect: deny }',
      /2:23: test `a`, field `agent\.rsk`: there is no such field/,
    ],
    [
      'a value of another type',
      '- { name: a, agent: { risk: high }, expect: deny }',
      /2:23: test `a`, field `agent\.risk`: .*number/,
    ],
    [
      'a risk that is none',
      '- { name: a, agent: { risk: 101 }, expect: deny }',
      /field `agent\.risk`: /,
    ],
    [
      'an hour that is none',
      '- { name: a, time: { hour: 24 }, expect: deny }',
      /field `time\.hour`: /,
    ],
    ['a verdict that is none', '- { name: a, expect: amend }', /field `expect`: .*allow.*deny/],
    ['no verdict', '- { name: a }', /2:3: test `a`, field `expect`: /],
    ['no name', '- { expect: deny }', /test 1, field `name`: /],
    [
      'an actor that is none',
      '- { name: a, actors: [bob], expect: deny }',
      /field `actors\.0`: write `agent:NAME`/,
    ],
    [
      'a field of another action',
      '- { name: a, action: enter, cost: 3, expect: deny }',
      /field `cost`: `enter` has none; it belongs to call_model/,
    ],
    ['a test that is none', '- 3', /2:3: test 1: /],
  ];
  for (const [what, text, told] of broken) {
    test(`with ${what} are told by file, test and field (A2)`, () => {
      assert.match(failures(`tests:\n${text}`).join('\n'), told);
    });
  }

  const files: [string, string, RegExp][] = [
    ['that is no YAML', 'tests: [', /^a\.test\.yaml:1:\d+: /],
    ['that holds something else', 'policies: []', /1:1: field `/],
    [
      'of aliases that multiply',
      `tests: &a [${'x, '.repeat(50)}x]\nmore: &b [${'*a, '.repeat(99)}*a]\neven: [${'*b, '.repeat(99)}*b]`,
      /cannot be read: .*alias/i,
    ],
    ['that nests without end', '['.repeat(50_000), /a\.test\.yaml:1:/],
    ['that is too long', `# ${'x'.repeat(1_000_001)}`, /longer than 1000000 characters/],
  ];
  for (const [what, text, told] of files) {
    test(`in a file ${what} are told, and nothing is put in force (A2)`, () => {
      assert.match(failures(text).join('\n'), told);
    });
  }
});

test('a set whose tests fail is not put in force, neither at start nor at a reload (A2)', () => {
  const clock = { now: () => 0, after: () => () => {} };
  const good = { schema, policies: { 'a.cedar': general }, tests: {} };
  let now: typeof good = good;
  const from = {
    clock,
    get sources() {
      return now;
    },
  };
  const policies = openPolicies(from);
  const failing = { 'a.test.yaml': 'tests: [{ name: a, expect: deny }]' };
  now = { ...good, policies: { 'a.cedar': `${general}\n// changed` }, tests: failing };
  const { hash } = policies;
  assert.equal(policies.reload().ok, false);
  assert.equal(policies.hash, hash);
  now = { ...now, tests: {} };
  assert.equal(policies.reload().ok, true);
  assert.notEqual(policies.hash, hash);
  assert.throws(
    () => openPolicies({ clock, sources: { ...good, tests: failing } }),
    /test `a`: expected deny/,
  );
});

test('the starter set: every policy decides a test, and lets another one pass (A2)', () => {
  const { ok, policies, tests, errors } = checkSources(sources);
  assert.deepEqual(errors, []);
  assert.ok(ok && tests.length > 20);
  // Without any one of its policies the tests fail: none is there for nothing.
  for (const { id } of policies) {
    const texts = Object.entries(sources.policies).map(([file, text]) => {
      return [file, text.replace(`@id("${id}")`, `@id("${id}-renamed")`)] as const;
    });
    const without = checkSources({ ...sources, policies: Object.fromEntries(texts) });
    assert.equal(without.ok, false, `no test names \`${id}\``);
  }
});

test('the examples in comments, and in the docs, are good policies (A2)', () => {
  const page = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8');
  const shown = [...page.matchAll(/^```cedar\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);
  const commented = Object.values(sources.policies).flatMap((text) => {
    return text
      .split('\n')
      .map((line) => line.match(/^\/\/ {3}(.*)$/)?.[1] ?? '')
      .join('\n');
  });
  const policies = Object.fromEntries(
    [...shown, ...commented].map((text, i) => [
      `${i}.cedar`,
      text.replaceAll('@id("', `@id("${i}-`),
    ]),
  );
  const { errors, warnings, policies: found } = checkSources({ schema, policies });
  assert.deepEqual([errors, warnings], [[], []]);
  assert.ok(found.length >= 15, `${found.length} examples`);
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);
  assert.ok(blocks.length > 0);
  const [first = ''] = shown;
  const tests = Object.fromEntries(blocks.map((text, i) => [`${i}.test.yaml`, text]));
  assert.deepEqual(checkSources({ schema, policies: { 'a.cedar': first }, tests }).errors, []);
});
