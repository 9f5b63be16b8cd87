import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkSources, prepare } from './checked.ts';
import { tooComplex } from './complexity.ts';
import { readSources } from './sources.ts';

const { tests: _, ...sources } = readSources(
  fileURLToPath(new URL('../../policies', import.meta.url)),
);
const when = (condition: string) => `permit(principal, action, resource) when { ${condition} };`;

const hostile: [string, string][] = [
  ['nested parentheses', when(`${'('.repeat(200)}true${')'.repeat(200)}`)],
  ['nested sets', when(`${'['.repeat(200)}1${']'.repeat(200)} == 1`)],
  ['nested records', when(`${'{a:'.repeat(200)}1${'}'.repeat(200)} == 1`)],
  ['a chain of sums', when(`${'1 + '.repeat(2_000)}1 == 1`)],
  ['a chain of members', when(`context${'.a'.repeat(2_000)}`)],
  ['a chain of conjunctions', when(`${'true && '.repeat(20_000)}true`)],
  [
    'conditions in conditions',
    when(`${'if true then '.repeat(2_000)}true${' else true'.repeat(2_000)}`),
  ],
  ['a comment that ends with a carriage return', `// \r${when('('.repeat(200))}`],
  ['20,000 policies', 'permit(principal, action, resource);'.repeat(20_000)],
  ['a quote without end', `" ${'('.repeat(200)}`],
];

for (const [what, text] of hostile) {
  test(`${what}: told, and Cedar still decides (A2)`, () => {
    const report = checkSources({ ...sources, policies: { 'x.cedar': text } });
    assert.equal(report.ok, false);
    assert.equal(prepare({ ...sources, policies: { 'x.cedar': text } }).ok, false);
    // What broke would break this.
    assert.equal(checkSources(sources).ok, true);
  });
}

test('a schema that nests without end is told, too (A2)', () => {
  const type = `${'Set<'.repeat(2_000)}Long${'>'.repeat(2_000)}`;
  const schema = `type T = ${type};\n${sources.schema}`;
  assert.equal(checkSources({ ...sources, schema }).ok, false);
  assert.equal(checkSources(sources).ok, true);
});

test('texts and comments count for nothing, and a list may be long', () => {
  const list = Array.from({ length: 2_000 }, (_, i) => `"model ${i} (((("`).join(', ');
  const text = `// ${'('.repeat(40)}\n${when(`["a", ${list}].contains("a")`)}`;
  assert.deepEqual(tooComplex({ ...sources, policies: { 'x.cedar': text } }), []);
  assert.equal(checkSources({ ...sources, policies: { 'x.cedar': text } }).ok, true);
});
