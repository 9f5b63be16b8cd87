import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inbound, output, policyFinding, secretFinding } from '../../../test/control/decisions.ts';
import type { JsonObject } from '../../kernel/index.ts';
import { traceStory } from './trace-story.ts';

const who = 'support-bot, owned by ana@example.org, asked gpt-x@2026-05 (as `gpt-x`)';
const asked = `${who} through openai.chat with a static key`;
const mask = ['/messages/0/content', 4, 24, 'secret:aws'];
const masked = { level: 'amend', masks: [mask] };

const quotaFinding = {
  control: 'policy.quota',
  stage: 'model',
  mode: 'enforce',
  level: 'deny',
  code: 'claim_refused',
  reason:
    'quota `agent-daily` of support-bot: 990 of 1000 tokens are used, and this call may take 40',
};

function of(name: string, credential: JsonObject): JsonObject {
  return { kind: 'agent', id: 'agt_2', name, owner: 'ana', tenant: 'default', credential };
}

/** A decision of the token service. */
function grant(more: JsonObject): JsonObject {
  const resource = { type: 'gateway', id: 'gateway' };
  const plain = { protocol: 'oauth.token', stages: ['enter'], route: null, asked: null };
  return inbound(1, { ...plain, resource, ...more });
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
    'mailer, acting for planner, for bo, asked gpt-x@2026-05 through openai.chat; the answer was released unchanged in 2.4 s',
  ],
  [
    'a chain of agents without a person, by a bound token',
    [
      inbound(1, {
        asked: 'gpt-x@2026-05',
        principal: {
          ...of('mailer', { kind: 'at+jwt', id: 'jti_1', bound: true }),
          actors: [
            { kind: 'agent', id: 'planner' },
            { kind: 'agent', id: 'desk' },
          ],
        },
      }),
      output(1),
    ],
    'released',
    'mailer, owned by ana, acting for planner, for desk, asked gpt-x@2026-05 through openai.chat with a bound token; the answer was released unchanged in 840 ms',
  ],
  [
    'what a call was charged',
    [inbound(1), output(1, { charged: { tokens: 32, cost: 1_240_000, exact: true } })],
    'released',
    `${asked}; the answer was released unchanged in 840 ms; 32 tokens and $0.0012 were charged`,
  ],
  [
    'what a call was charged by estimate, as a stream that was cut because its agent was stopped',
    [
      inbound(1, { stream: true }),
      output(1, {
        stream: true,
        ended: 'cancelled',
        error: 'revoked',
        why: 'this call was stopped: agent `support-bot` is disabled; ask whoever is answerable',
        released: { bytes: 412, events: 9 },
        quota: { charged: { cost: 25_000_000, exact: false } },
      }),
    ],
    'revoked',
    `${asked}; the answer (streamed) was cut in mid-stream after 840 ms, because agent \`support-bot\` is disabled, 412 bytes had been released; $0.025 was charged by estimate`,
  ],
  [
    'a call that was cut before its answer came',
    [inbound(1), output(1, { ended: 'failed', error: 'revoked' })],
    'revoked',
    `${asked}; the call was cut after 840 ms, because its agent or its credential was stopped`,
  ],
  [
    'a quota that is used up',
    [inbound(1, { level: 'deny', findings: [quotaFinding] })],
    'refused',
    `${asked} and was refused: quota \`agent-daily\` of support-bot: 990 of 1000 tokens are used, and this call may take 40`,
  ],
  [
    'a token that was taken',
    [grant({ grant: 'client_credentials', bound: true, scopes: ['call_model:general'] })],
    'released',
    'support-bot, owned by ana@example.org, took a token (client_credentials, bound, scopes call_model:general)',
  ],
  [
    'a token that was not given',
    [
      grant({
        grant: 'urn:ietf:params:oauth:grant-type:token-exchange',
        bound: false,
        scopes: ['call_model', 'call_tool'],
        level: 'deny',
        findings: [policyFinding('this agent may not delegate')],
      }),
    ],
    'refused',
    'support-bot, owned by ana@example.org, asked for a token (token-exchange, bearer, scopes call_model call_tool) and was refused: `policy.cedar` says this agent may not delegate',
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
    'support-bot, owned by ana@example.org, asked which models there are through openai.models with a static key; the answer was released unchanged',
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

describe('a call in one sentence (E5)', () => {
  for (const [name, entries, outcome, sentence] of golden) {
    test(`tells ${name}`, () => {
      const story = traceStory(entries.map((entry, index) => ({ index, entry })));
      assert.equal(story?.summary.story, sentence);
      assert.equal(story?.summary.outcome, outcome);
    });
  }
});
