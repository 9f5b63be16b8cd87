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
const asked = `${who} through openai.chat`;
const mask = ['/messages/0/content', 4, 24, 'secret:aws'];
const masked = { level: 'amend', masks: [mask] };

function toldBy(...entries: JsonObject[]) {
  const story = traceStory(entries.map((entry, index) => ({ index, entry })));
  assert.ok(story !== null);
  return story;
}

const golden: readonly (readonly [string, JsonObject[], string, string])[] = [
  [
    'a plain answer',
    [inbound(1), output(1)],
    'released',
    `${asked}; the answer was released unchanged in 840 ms`,
  ],
  [
    'a secret on its way in, and a stream',
    [
      inbound(1, { ...masked, stream: true, findings: [secretFinding('input')] }),
      output(1, { stream: true, released: { bytes: 900, events: 12 } }),
    ],
    'released',
    `${asked}; 1 secret was masked on its way in; the answer (streamed) was released unchanged in 840 ms`,
  ],
  [
    'secrets on their way out',
    [
      inbound(1),
      output(1, { level: 'amend', masks: [mask, mask], findings: [secretFinding('output')] }),
    ],
    'released',
    `${asked}; 2 secrets were masked on its way out; the answer was released with the rest unchanged in 840 ms`,
  ],
  [
    'a model by its exact name, for a person, through another agent',
    [
      inbound(1, {
        asked: 'gpt-x@2026-05',
        principal: {
          kind: 'agent',
          name: 'mailer',
          owner: 'ana',
          actors: [
            { kind: 'agent', id: 'planner' },
            { kind: 'person', id: 'bo' },
          ],
        },
      }),
      output(1, { ms: 2_440 }),
    ],
    'released',
    'mailer (called by planner), for bo, asked gpt-x@2026-05 through openai.chat; the answer was released unchanged in 2.4 s',
  ],
  [
    'a refusal by policy',
    [inbound(1, { level: 'deny', findings: [policyFinding('`no-premium` says ask Ana first')] })],
    'refused',
    `${asked} and was refused: \`policy.cedar\` says \`no-premium\` says ask Ana first`,
  ],
  [
    'a call that waits for a person',
    [
      inbound(1, {
        level: 'hold',
        findings: [{ ...policyFinding('four eyes'), level: 'hold' }],
      }),
    ],
    'held',
    `${asked} and is held for a person: \`policy.cedar\` says four eyes`,
  ],
  [
    'an answer that was withheld',
    [
      inbound(1),
      output(1, {
        level: 'deny',
        findings: [{ ...policyFinding('it runs past its time'), stage: 'output' }],
      }),
    ],
    'withheld',
    `${asked}; the answer was withheld after 840 ms: \`policy.cedar\` says it runs past its time`,
  ],
  [
    'a stream that was stopped',
    [
      inbound(1, { stream: true }),
      output(1, {
        stream: true,
        level: 'deny',
        ended: 'denied',
        released: { bytes: 412, events: 9 },
        findings: [{ ...policyFinding('a key'), stage: 'output', control: 'guard.secrets' }],
      }),
    ],
    'withheld',
    `${asked}; the answer (streamed) was stopped after 840 ms, 412 bytes had been released: \`guard.secrets\` says a key`,
  ],
  [
    'a stream that broke off upstream',
    [
      inbound(1, { stream: true }),
      output(1, { stream: true, ended: 'cut', released: { bytes: 1, events: 1 } }),
    ],
    'cut',
    `${asked}; the answer (streamed) broke off upstream after 840 ms, 1 byte had been released`,
  ],
  [
    'a caller that hung up',
    [inbound(1), output(1, { ended: 'cancelled' })],
    'cancelled',
    `${asked}; the caller hung up after 840 ms`,
  ],
  [
    'an error of the provider, passed on',
    [inbound(1), output(1, { status: 429 })],
    'released',
    `${asked}; the answer (upstream status 429) was released unchanged in 840 ms`,
  ],
  [
    'a stream that the product did not live to close',
    [inbound(1, { stream: true })],
    'open',
    `${asked}; it was never closed: the product stopped while streaming`,
  ],
  [
    'a fallback to another version',
    [inbound(1), inbound(1, { route: 'other@2', resource: {} }), output(1, { route: 'other@2' })],
    'released',
    `${asked}; gpt-x@2026-05 was away, so it fell back to other@2; the answer was released unchanged in 840 ms`,
  ],
  [
    'a fallback to a version that the agent may not use',
    [
      inbound(1),
      inbound(1, { route: 'other@2', level: 'deny', findings: [policyFinding('not for you')] }),
    ],
    'refused',
    `${asked}; gpt-x@2026-05 was away, so it fell back to other@2 and was refused: \`policy.cedar\` says not for you`,
  ],
  [
    'a look at the list of models',
    [
      inbound(1, {
        stages: ['enter', 'output'],
        protocol: 'openai.models',
        resource: { type: 'gateway', id: 'gateway' },
        route: null,
      }),
    ],
    'released',
    'support-bot, owned by ana@example.org, asked which models there are through openai.models; the answer was released unchanged',
  ],
  [
    'a call without an answer',
    [inbound(1)],
    'open',
    `${asked}; it was never closed: the product stopped, or its upstream failed, before an answer`,
  ],
  [
    'actions after the answer',
    [
      inbound(1),
      output(1),
      output(1, { stages: ['action'] }),
      output(1, { stages: ['action'], level: 'deny' }),
    ],
    'released',
    `${asked}; the answer was released unchanged in 840 ms; 1 action of 2 was let through`,
  ],
];

describe('the story of a trace (E5)', () => {
  for (const [name, entries, outcome, sentence] of golden) {
    test(`tells ${name}`, () => {
      const { summary } = toldBy(...entries);
      assert.equal(summary.story, sentence);
      assert.equal(summary.outcome, outcome);
    });
  }

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
