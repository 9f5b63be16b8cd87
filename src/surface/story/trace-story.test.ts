import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  inbound,
  output,
  policyFinding,
  secretFinding,
  traceOf,
} from '../../../test/control/decisions.ts';
import { type JsonObject, levels } from '../../kernel/index.ts';
import { trace } from '../contract/index.ts';
import { traceStory } from './trace-story.ts';

const who = 'support-bot, owned by ana@example.org, asked gpt-x@2026-05 (as `gpt-x`)';
const asked = `${who} through openai.chat with a static key`;
const mask = ['/messages/0/content', 4, 24, 'secret:aws'];
const masked = { level: 'amend', masks: [mask] };

function toldBy(...entries: JsonObject[]) {
  const story = traceStory(entries.map((entry, index) => ({ index, entry })));
  assert.ok(story !== null);
  return story;
}

describe('the story of a trace (E5)', () => {
  test('says that a call may still be under way if the product has run since', () => {
    const entries = [{ index: 0, entry: inbound(1) }];
    const started = Date.parse('2026-05-01T11:00:00Z');
    const story = traceStory(entries, { started })?.summary.story;
    assert.equal(
      story,
      `${asked}; its end is not on record yet: it is under way, or its upstream failed`,
    );
  });

  test('has a path of four blocks, each with its own verdict, findings and bodies (A4)', () => {
    const { path } = toldBy(
      inbound(1, { ...masked, findings: [secretFinding('input')] }),
      output(1),
    );
    const [input, model, out, action] = path;
    assert.deepEqual(
      path.map(({ block, level, reached }) => [block, level, reached]),
      [
        ['input', 'amend', true],
        ['model', 'allow', true],
        ['output', 'allow', true],
        ['action', null, false],
      ],
    );
    assert.equal(input?.text, 'passed with 1 secret masked on the way in');
    assert.deepEqual(input?.masks, [{ path: '/messages/0/content', labels: 'secret:aws' }]);
    assert.equal(input?.bodies[0]?.commitment, 'c1');
    assert.equal(input?.facts['policySet'], 'abc');
    assert.equal(model?.text, 'gpt-x@2026-05 answered as gpt-x-2026-05-01 by openai');
    assert.equal(out?.text, 'passed unchanged');
    assert.deepEqual(out?.facts['usage'], { input: 20, output: 12 });
    assert.equal(action?.text, 'no action was taken');
  });

  test('puts a refusal at the stage that refused', () => {
    const findings = [policyFinding('not for you')];
    const { path, summary } = toldBy(inbound(1, { level: 'deny', findings }));
    assert.deepEqual(
      path.map(({ level, text }) => [level, text]),
      [
        ['allow', 'nothing was found against it'],
        ['deny', 'refused: `policy.cedar` says not for you'],
        [null, 'not reached'],
        [null, 'no action was taken'],
      ],
    );
    assert.equal(summary.served, null);
  });

  test('a token that was taken asked no model, and leaves its id alone (A1)', () => {
    const { path } = toldBy(
      inbound(1, {
        ...{ protocol: 'oauth.token', stages: ['enter'], route: null, asked: null },
        ...{ grant: 'client_credentials', jti: 'tok_1', bound: true },
        resource: { type: 'gateway', id: 'gateway' },
      }),
    );
    assert.deepEqual(
      path.map(({ text }) => text),
      [
        'passed unchanged',
        'no model was asked',
        'a token was given; the record holds its id alone',
        'no action was taken',
      ],
    );
    assert.equal(path[0]?.facts['jti'], 'tok_1');
  });

  test('an observed finding neither masks nor refuses in words', () => {
    const watching = { ...policyFinding('would refuse'), mode: 'observe' };
    const { path, summary } = toldBy(inbound(1, { findings: [watching] }), output(1));
    assert.equal(path[1]?.level, 'allow');
    assert.match(summary.story, /released unchanged/);
  });

  test('tells whatever an entry holds without failing, and within the contract', () => {
    const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<JsonObject[string]>;
    const stages = fc.subarray(['enter', 'input', 'model', 'output', 'action']);
    const entry = fc.record(
      {
        stages,
        level: fc.constantFrom<string>(...levels),
        principal: json,
        masks: json,
        findings: json,
        bodies: json,
        attempts: json,
        usage: json,
        released: json,
        ended: json,
        ms: json,
      },
      { requiredKeys: ['stages'] },
    );
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 4 }), (all) => {
        const { summary, path } = toldBy(...all.map((more) => inbound(1, more as JsonObject)));
        trace.parse({ summary, path, entries: [] });
        assert.equal(summary.trace, traceOf(1));
        assert.equal(path.length, 4);
      }),
    );
  });

  test('what holds no decision has no story', () => {
    assert.equal(traceStory([]), null);
    assert.equal(traceStory([{ index: 0, entry: { kind: 'body.read' } }]), null);
  });
});
