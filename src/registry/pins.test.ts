import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatehouseError, type Subject, subject } from '../kernel/index.ts';
import { floatingReason } from './exact-version.ts';
import { type ModelPin, openPins } from './pins.ts';

const small: ModelPin = {
  id: 'small@2024-07-18',
  upstream: 'openai',
  model: 'gpt-4o-mini-2024-07-18',
  aliases: ['gpt-4o-mini', 'small'],
  fallbacks: ['local@1'],
  groups: ['general'],
};
const local: ModelPin = {
  id: 'local@1',
  upstream: 'ollama',
  model: 'llama3.2:3b',
  groups: ['general'],
};
const stop = () => new AbortController().signal;

function asking(id: string, type: 'model' | 'tool' = 'model'): Subject {
  return subject({
    stage: 'model',
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
    resource: { type, id },
    context: {},
    measures: {},
    content: null,
    parts: [],
  });
}

function badConfig(about: RegExp) {
  return (error: unknown) =>
    error instanceof GatehouseError && error.code === 'bad_config' && about.test(error.message);
}

test('an alias resolves to its exact version, with fallbacks in order (I5)', () => {
  const pins = openPins([small, local]);
  const model = pins.resolve('gpt-4o-mini');
  assert.equal(model?.id, 'small@2024-07-18');
  assert.equal(model?.provider, 'openai');
  assert.deepEqual(model?.candidates, [
    { id: 'small@2024-07-18', upstream: 'openai', model: 'gpt-4o-mini-2024-07-18' },
    { id: 'local@1', upstream: 'ollama', model: 'llama3.2:3b' },
  ]);
  assert.equal(pins.resolve('small@2024-07-18'), model);
  assert.equal(pins.resolve('gpt-4o-mini-2024-07-18'), null);
  assert.equal(pins.resolve('__proto__'), null);
  assert.deepEqual(
    pins.list().map(({ id }) => id),
    ['small@2024-07-18', 'local@1'],
  );
});

test('only a listed exact version passes; an alias that nobody resolved does not (I5)', async () => {
  const control = openPins([small, local]).control();
  assert.equal((await control.judge(asking('local@1'), stop)).level, 'allow');
  for (const id of ['gpt-4o-mini', 'gpt-4', '', '__proto__', 'local@1 ', 'x\n`y']) {
    const opinion = await control.judge(asking(id), stop);
    assert.equal(opinion.level, 'deny');
    assert.equal(opinion.code, 'model_unlisted');
    assert.doesNotMatch(opinion.reason ?? '', /\n|`y/);
  }
  assert.equal((await control.judge(asking('local@1', 'tool'), stop)).level, 'deny');
});

test('a floating name is refused at start unless accepted, and then said to float (I5)', async () => {
  const floats: ModelPin = { id: 'any@latest', upstream: 'openai', model: 'gpt-4o' };
  assert.throws(() => openPins([floats]), badConfig(/any@latest.*gpt-4o.*floating: true/));
  const pins = openPins([{ ...floats, floating: true }]);
  assert.equal(pins.resolve('any@latest')?.floating, true);
  const opinion = await pins.control().judge(asking('any@latest'), stop);
  assert.equal(opinion.level, 'allow');
  assert.equal(opinion.code, 'model_floating');
});

test('names that mean one version, and names that may move (I5)', () => {
  const exact = [
    'gpt-4o-2024-08-06',
    'gpt-4-0613',
    'claude-sonnet-4-5-20250929',
    'anthropic/claude-3-5-sonnet@20240620',
    'gemini-2.0-flash-001',
    'mistral-large-2411',
    'llama3.2:3b',
    'qwen@sha256:0f2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e0f1a2b',
    'gpt-4o-audio-preview-2024-12-17',
    'scripted-v1',
  ];
  for (const name of exact) assert.equal(floatingReason(name), null, name);
  const moving = [
    'gpt-4o',
    'chatgpt-4o-latest',
    'claude-sonnet-4-5',
    'mistral-large-latest',
    'llama3.2:latest',
    'llama3.2',
    'gemini-2.5-pro-preview-06-05',
    'gpt-4.1',
    'auto',
    '',
  ];
  for (const name of moving) assert.notEqual(floatingReason(name), null, name);
});

test('a plain number is a version where the id says the same one, but not in moving families (I5)', () => {
  assert.equal(floatingReason('tour-model-1', '1'), null);
  assert.notEqual(floatingReason('tour-model-1', '2'), null);
  assert.notEqual(floatingReason('tour-model-1'), null);
  assert.notEqual(floatingReason('gpt-4', '4'), null);
  assert.notEqual(floatingReason('claude-opus-4', '4'), null);
});

test('a list that contradicts itself is refused at start (I5)', () => {
  const cases: [ModelPin[], RegExp][] = [
    [[{ ...local, id: 'local' }], /no version/],
    [[{ ...local, id: '@1' }], /no version/],
    [[{ ...local, id: 'local@' }], /no version/],
    [[local, local], /listed twice/],
    [[small], /fallback `local@1`/],
    [[small, { ...local, groups: ['other'] }], /fallback `local@1`.*group `general`/],
    [[{ ...small, fallbacks: ['small@2024-07-18'] }], /itself/],
    [[small, { ...local, aliases: ['small'] }], /alias `small`.*small@2024/],
    [[{ ...local, aliases: ['local@1'] }], /already means/],
  ];
  for (const [models, about] of cases) assert.throws(() => openPins(models), badConfig(about));
});
