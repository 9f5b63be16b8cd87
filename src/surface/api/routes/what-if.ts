import { createRoute } from '@hono/zod-openapi';
import { GatehouseError, type JsonObject, type Principal } from '../../../kernel/index.ts';
import type { Difference, Progress, Replay } from '../../../policy/index.ts';
import {
  type Explained,
  explainAsked,
  explained,
  type Replayed,
  type ReplayLine,
  replayAsked,
  replayLine,
  type SupposedCall,
} from '../../contract/index.ts';
import type { App } from '../environment.ts';
import type { ControlParts } from '../parts.ts';
import { problemAnswer, problems } from '../problem.ts';
import { known, time } from './agents.ts';
import { asJson, sendsJson } from './media.ts';

const replay = createRoute({
  method: 'post',
  path: '/v1/policies/replay',
  summary: 'Decide the recorded past anew under a candidate set; nothing is put in force',
  request: { body: sendsJson(replayAsked) },
  responses: {
    200: {
      description: 'lines of JSON: how far it is, and at the end what would differ',
      content: { 'application/x-ndjson': { schema: replayLine } },
    },
    ...problems(400, 413, 415),
  },
});

const explain = createRoute({
  method: 'post',
  path: '/v1/policies/explain',
  summary: 'Why a past or supposed call is decided as it is, and what would have to change',
  request: { body: sendsJson(explainAsked) },
  responses: { 200: asJson(explained, 'one explanation a question'), ...problems(400, 404, 415) },
});

/** What policies would say, and said. Serves A2. */
export function whatIfRoutes(app: App, parts: ControlParts): void {
  const { policies, whatIf } = parts;
  app.openapi(replay, async (c) => {
    const { sources, since, until, limit } = c.req.valid('json');
    const { schema = policies.read().schema, policies: texts, tests } = sources;
    const steps = whatIf.replay({
      sources: { schema, policies: texts, ...(tests === undefined ? {} : { tests }) },
      since: Date.parse(since),
      ...(until === undefined ? {} : { until: Date.parse(until) }),
      limit,
    });
    // What is wrong with the candidate is answered as an error, before any line.
    const first = await steps.next();
    const headers = { 'content-type': 'application/x-ndjson' };
    return new Response(linesOf(steps, first, parts.defect), { headers }) as never;
  });
  app.openapi(explain, async (c) => {
    const asked = c.req.valid('json');
    const answer =
      'trace' in asked ? await recorded(parts, asked.trace) : await supposed(parts, asked);
    return c.json(answer, 200);
  });
}

type Step = IteratorResult<Progress, Replay>;

function linesOf(
  steps: AsyncGenerator<Progress, Replay>,
  first: Step,
  defect: ControlParts['defect'],
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next: Step | null = first;
  return new ReadableStream({
    async pull(controller) {
      const line = (said: ReplayLine) => {
        controller.enqueue(encoder.encode(`${JSON.stringify(said)}\n`));
      };
      try {
        const { value, done } = next ?? (await steps.next());
        next = null;
        if (done) line({ result: told(value) });
        else line({ ...value });
        if (done) controller.close();
      } catch (thrown) {
        const { error } = problemAnswer(thrown);
        if (error.kind === 'unexpected') defect(thrown);
        line({ error: { code: error.code, message: error.message } });
        controller.close();
      }
    },
    // Whoever asked is gone: nothing is decided for nobody.
    async cancel() {
      await steps.return(undefined as never);
    },
  });
}

function told({ since, until, undecided, differences, ...rest }: Replay): Replayed {
  return {
    ...rest,
    since: time(since),
    until: time(until),
    undecided: undecided.map((one) => ({ ...one })),
    differences: differences.map((one: Difference) => ({
      ...one,
      before: one.before === null ? null : [...one.before],
      after: [...one.after],
      first: time(one.first),
      last: time(one.last),
    })),
  };
}

async function recorded(parts: ControlParts, trace: string): Promise<Explained> {
  const { log, whatIf, policies } = parts;
  for (const { index, entry } of await log.byTrace(trace)) {
    const questions = whatIf.explainEntry(entry);
    if (questions === null) continue;
    if ('lacks' in questions) {
      const message = `the record of trace \`${trace}\` does not say ${questions.lacks}, so its decision cannot be explained; suppose the call with --agent and --model`;
      throw new GatehouseError('not_found', message);
    }
    const { at, policySet } = entry;
    const set = typeof policySet === 'string' ? policySet : null;
    const said = { trace, index, at: String(at), set, findings: saidByPolicies(entry) };
    return {
      ...{ set: policies.hash, recorded: said, questions: questions as Explained['questions'] },
      beside: refusedBeside(entry),
    };
  }
  const message = `no decision of policies is on record for trace \`${trace}\`; see \`gatehouse trace list\``;
  throw new GatehouseError('not_found', message);
}

function findingsIn(entry: JsonObject): readonly JsonObject[] {
  return Array.isArray(entry['findings']) ? (entry['findings'] as JsonObject[]) : [];
}

function ofPolicies({ control }: JsonObject): boolean {
  return control === 'policy.cedar' || control === 'policy.feedback';
}

/** What refused a call on record that is no policy. */
function refusedBeside(entry: JsonObject): string[] {
  const refused = findingsIn(entry).filter((finding) => {
    const { level, mode } = finding;
    return !ofPolicies(finding) && mode === 'enforce' && (level === 'deny' || level === 'hold');
  });
  return refused.map(({ control, reason }) => `\`${control}\` refused it: ${reason}`);
}

function saidByPolicies(entry: JsonObject) {
  return findingsIn(entry)
    .filter(ofPolicies)
    .map(({ stage, level, code, reason }) => {
      const [at, how, which, why] = [stage, level, code, reason].map(String);
      return { stage: at, level: how, code: which, reason: why } as Record<string, string>;
    }) as NonNullable<Explained['recorded']>['findings'];
}

async function supposed(parts: ControlParts, asked: SupposedCall): Promise<Explained> {
  const { agents, models, whatIf, policies } = parts;
  const { agent, model, tool, features, labels, stream, protocol, tokens, cost } = asked;
  if ((model === undefined) === (tool === undefined)) {
    const message = 'name a `model` or a `tool`, and not both';
    throw new GatehouseError('bad_request', message);
  }
  const { credential, bound, scopes, actingFor } = asked;
  const found = known(await agents.get(agent), agent);
  const principal: Principal = {
    ...principalOf(found),
    credential: {
      ...{ kind: credential, id: 'supposed', expires: 0, bound },
      ...(scopes === undefined ? {} : { scopes }),
    },
    actors: actingFor === undefined ? [] : [{ kind: 'person', id: actingFor }],
  };
  const pin = models().find(({ id, aliases }) => id === model || aliases.includes(model ?? ''));
  const questions = whatIf.explain({
    ...{ principal, protocol, stream, features, labels, tokens, cost },
    resource:
      tool === undefined
        ? { type: 'model', id: pin?.id ?? model ?? '' }
        : { type: 'tool', id: tool },
    ...(model === undefined ? {} : { asked: model }),
    ...(pin === undefined ? {} : { groups: pin.groups, provider: pin.provider }),
  });
  const beside = [
    ...(found.disabled === null
      ? []
      : [`agent \`${agent}\` is disabled: none of its calls comes in`]),
    ...(model === undefined || pin !== undefined
      ? []
      : [`model \`${model}\` is not listed in \`models\`, so \`registry.pin\` refuses it`]),
  ];
  return {
    ...{ set: policies.hash, recorded: null, questions: questions as Explained['questions'] },
    beside,
  };
}

/** A registered agent as a principal that has shown nothing yet. */
export function principalOf(agent: Awaited<ReturnType<ControlParts['agents']['list']>>[number]) {
  const { id, name, owner, tenant, risk } = agent;
  return { kind: 'agent', id, name, owner, tenant, risk } as const;
}
