import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatehouseError } from '../../kernel/index.ts';
import { parseScript, readScript } from './script.ts';

function fault(text: string): string {
  try {
    parseScript(text, 'a.yaml');
  } catch (thrown) {
    assert.ok(thrown instanceof GatehouseError);
    assert.equal(thrown.code, 'bad_config');
    return thrown.message;
  }
  throw new Error('the script was taken');
}

test('a script is YAML or JSON', () => {
  const yaml = 'models: [m]\nrules:\n  - when: { contains: hi }\n    reply: { text: hello }\n';
  const json = '{"models":["m"],"rules":[{"when":{"contains":"hi"},"reply":{"text":"hello"}}]}';
  assert.deepEqual(parseScript(yaml, 'a'), parseScript(json, 'b'));
});

test('a bad script is refused with its file, line and member', () => {
  assert.match(fault('models: [m\n'), /`a\.yaml:\d` is no YAML/);
  assert.match(fault('rules: []\n'), /`a\.yaml:1` has a fault at `models`/);
  const unknown = 'models: [m]\nrules:\n  - reply:\n      text: x\n      txet: y\n';
  assert.match(fault(unknown), /`a\.yaml:4` has a fault at `rules\.0\.reply/);
  const delay =
    'models: [m]\nrules:\n  - reply:\n      chunks:\n        - { text: x, delayMs: -1 }\n';
  assert.match(fault(delay), /`a\.yaml:5` has a fault at `rules\.0\.reply\.chunks\.0\.delayMs`/);
  const status = 'models: [m]\nrules:\n  - reply:\n      error: { status: 200 }\n';
  assert.match(fault(status), /`a\.yaml:4` has a fault at `rules\.0\.reply\.error\.status`/);
});

test('aliases cannot make a script grow without end', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef'].map((pair) => [...pair])) {
    bomb.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(', ')}]`);
  }
  assert.match(fault(bomb.join('\n')), /too many aliases/);
});

test('a script that is not there is named', () => {
  assert.throws(
    () => readScript('/nowhere/script.yaml'),
    /`\/nowhere\/script\.yaml` cannot be read/,
  );
});
