import { schemaToJson, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { type Subject, subject } from '../kernel/index.ts';
import { everything } from './mentions.ts';
import type { PolicyCheck } from './policy-set.ts';
import { type PolicyTest, type TestResult, testFile } from './policy-test.ts';
import { allActions, question } from './question.ts';
import { type Ruling, ruling } from './standing.ts';
import type { PlacedTest } from './test-files.ts';

/** Asks the set that is prepared under this name what each test asks. */
export function runTests(
  name: string,
  mentions: PolicyCheck['mentions'],
  tests: readonly PlacedTest[],
): readonly TestResult[] {
  return tests.map(({ test, where }) => {
    const { action, kind, time } = test;
    const asking = { action, kind, time, mentions: mentions[action] };
    const said = ruling(name, subjectOf(test), asking);
    const message = wrong(test, said);
    return { name: test.name, where, ok: message === null, message };
  });
}

/**
 * The actions that the prepared schema does not take as they are asked here, or puts into groups: one
 * of another version, or one that was edited. Cedar would refuse every such question, or take a
 * group for an action that nobody asks.
 */
export function unfit(name: string, schema: string): readonly string[] {
  const grouped = groupedActions(schema);
  return allActions.filter((action) => {
    const [test] = testFile.parse({ tests: [{ name: 'fits', action, expect: 'deny' }] }).tests;
    const { kind, time } = test as PolicyTest;
    const asking = { action, kind, time, mentions: everything };
    const asked = question(name, subjectOf(test as PolicyTest), asking);
    const schema = { preparsedSchemaName: name, validateRequest: true };
    return grouped || statefulIsAuthorized({ ...asked, ...schema }).type === 'failure';
  });
}

function groupedActions(schema: string): boolean {
  const read = schemaToJson(schema);
  if (read.type === 'failure') return true;
  const actions = Object.values(read.json).flatMap((one) => Object.values(one.actions));
  return actions.some(({ memberOf = [] }) => memberOf.length > 0);
}

function wrong({ expect, by }: PolicyTest, { decision, ids }: Ruling): string | null {
  if (decision === 'error') {
    return ids.length === 0
      ? `expected ${expect}, but the request does not fit the schema`
      : `expected ${expect}, but ${listed(ids)} failed`;
  }
  if (decision !== expect) return `expected ${expect}, got ${decision} by ${listed(ids)}`;
  if (by === undefined) return null;
  const wanted = [...new Set(by)].sort();
  if (wanted.length === ids.length && wanted.every((id, i) => id === ids[i])) return null;
  return `expected ${expect} by ${listed(wanted)}, got ${expect} by ${listed(ids)}`;
}

function listed(ids: readonly string[]): string {
  return ids.length === 0 ? 'no policy' : ids.map((id) => `\`${id}\``).join(', ');
}

const stages = {
  enter: 'enter',
  call_model: 'model',
  see_feedback: 'input',
  call_tool: 'action',
} as const;

/** What the gateway would ask about. */
function subjectOf(test: PolicyTest): Subject {
  const { action, agent, model, tool, credential, bound, scopes, actors } = test;
  const { protocol, stream, asked = model.id, features, labels, tokens, cost } = test;
  const asks = {
    enter: { type: 'gateway', id: 'gateway' },
    call_model: { type: 'model', id: model.id },
    see_feedback: { type: 'model', id: model.id },
    call_tool: { type: 'tool', id: tool },
  } as const;
  return subject({
    stage: stages[action],
    trace: '0'.repeat(32),
    step: 0,
    principal: {
      kind: 'agent',
      id: agent.id ?? `agt_${agent.name}`,
      name: agent.name,
      owner: agent.owner,
      tenant: agent.tenant,
      risk: agent.risk,
      credential: {
        ...{ kind: credential, id: 'test', expires: 0, bound },
        ...(scopes === undefined ? {} : { scopes }),
      },
      actors: actors.map((actor) => {
        const [kind, ...id] = actor.split(':');
        return { kind: kind as 'agent' | 'person', id: id.join(':') };
      }),
    },
    resource: asks[action],
    context: {
      ...{ protocol, stream, asked, features, labels, tokens, cost },
      ...{ groups: model.groups, provider: model.provider },
    },
    measures: {},
    content: null,
    parts: [],
  });
}
