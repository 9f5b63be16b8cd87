import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Opinion, type Part, subject } from '../kernel/index.ts';
import { sizeControl } from './size.ts';

const control = sizeControl({ bytes: 1000, messages: 10, depth: 5, tools: 3, text: 100 });
const stop = () => new AbortController().signal;

function judge(measures: Record<string, number>, parts: readonly Part[] = []): Opinion {
  const asked = subject({
    stage: 'input',
    trace: '0'.repeat(32),
    step: 0,
    principal: {
      kind: 'agent',
      id: 'agt_1',
      name: 'tester',
      owner: 'o',
      tenant: 't',
      credential: { kind: 'internal', id: 'c', expires: 0 },
      actors: [],
    },
    resource: { type: 'model', id: 'm@1' },
    context: {},
    measures,
    content: null,
    parts,
  });
  return control.judge(asked, stop) as Opinion;
}

test('what is within the limits passes, the limits themselves included (D2)', () => {
  assert.equal(judge({ bytes: 1000, messages: 10, depth: 5, tools: 3 }).level, 'allow');
  assert.equal(judge({}).level, 'allow');
});

for (const [measure, value] of [
  ['bytes', 1001],
  ['messages', 11],
  ['depth', 6],
  ['tools', 4],
] as const) {
  test(`${measure} beyond the limit are refused with figures (D2, I4)`, () => {
    const opinion = judge({ [measure]: value });
    assert.equal(opinion.level, 'deny');
    assert.equal(opinion.code, `size_${measure}`);
    assert.match(opinion.reason ?? '', new RegExp(`${value}.*${value - 1}`));
    assert.deepEqual(opinion.evidence, { measure, limit: value - 1, value });
  });
}

test('a measure that is no count is refused (D2)', () => {
  for (const value of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
    assert.equal(judge({ bytes: value }).level, 'deny');
  }
});

test('one long text is refused, in a stream by the whole length of its channel (D2)', () => {
  const text = 'x'.repeat(60);
  assert.equal(judge({}, [{ path: '/a', role: 'user', text }]).level, 'allow');
  assert.equal(judge({}, [{ path: '/a', role: 'user', text, base: 41 }]).code, 'size_text');
});
