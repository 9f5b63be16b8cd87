import {
  type Decision,
  decide,
  type JsonObject,
  type Principal,
  partsOf,
  type Subject,
  subject,
} from '../kernel/index.ts';
import { type Estimate, estimateOf, type Reservation } from './budget.ts';
import type { RequestFacts } from './dialects/index.ts';
import type { Exchange } from './exchange.ts';
import type { GatewayOptions, GatewayParts } from './parts.ts';
import type { PinnedModel } from './pinned-model.ts';
import type { RequestBody } from './request-body.ts';

/** What was decided before anything leaves, the subject whose content may, and what is reserved. */
export interface Inbound {
  readonly decision: Decision;
  readonly input: Subject;
  readonly owner: string;
  readonly reservation: Reservation;
  readonly estimate: Estimate;
}

/**
 * The first crossing: the caller at `enter`, what it sends at `input`, the version it asks for at
 * `model`, in one decision and one entry, since all three are known at one moment.
 */
export async function judgeInbound(
  parts: GatewayParts,
  options: GatewayOptions,
  call: Exchange,
  principal: Principal,
  body: RequestBody,
  facts: RequestFacts,
  model: PinnedModel | null,
): Promise<Inbound> {
  const estimate =
    model === null ? noTokens : estimateOf(call.dialect, body.bytes.length, facts, model);
  const reservation =
    model === null ? nothingReserved : parts.budgets.reserve({ principal, model, ...estimate });
  const counted = parts.arrival === null ? {} : await parts.arrival(principal, model);
  const context: JsonObject = {
    protocol: call.dialect.id,
    stream: facts.stream,
    asked: facts.model,
    credential: principal.credential.kind,
    features: facts.features,
    provider: model?.provider ?? '',
    groups: model?.groups ?? [],
    tokens: estimate.input + estimate.output,
    cost: model === null ? 0 : millionths(parts.budgets.cost(model.id, { ...estimate, cached: 0 })),
  };
  const common = { trace: call.trace, step: 0, principal, context, measures: {} };
  const resource = { type: 'model', id: model?.id ?? facts.model } as const;
  const enter = subject({
    ...common,
    stage: 'enter',
    resource: { type: 'gateway', id: 'gateway' },
    measures: counted,
    content: null,
    parts: [],
  });
  const input = subject({
    ...common,
    stage: 'input',
    resource,
    measures: {
      bytes: body.bytes.length,
      depth: body.depth,
      messages: facts.messages,
      tools: facts.tools,
    },
    content: body.json,
    names: call.dialect.vocabulary,
    parts: partsOf(body.json, call.dialect.roleIn(body.json), call.dialect.vocabulary),
  });
  const asked = subject({ ...common, stage: 'model', resource, content: null, parts: [] });
  const owner = `${principal.id}/${facts.user ?? ''}`;
  const decision = await decide(parts.checkpoint, [enter, input, asked], {
    early: options.early,
    claims: reservation.claims,
    bodies: [{ role: 'input', owner, bytes: body.bytes }],
    facts: {
      protocol: call.dialect.id,
      stream: facts.stream,
      asked: facts.model,
      route: model?.id ?? null,
      ...(call.parent === null ? {} : { parent: call.parent }),
      ...parts.policyFacts(),
    },
  });
  return { decision, input, owner, reservation, estimate };
}

const noTokens: Estimate = { input: 0, output: 0 };
const nothingReserved: Reservation = { claims: [], settle: () => [] };

/** Billionths of a dollar as millionths, rounded up; policies count in these. */
function millionths(billionths: number | null): number {
  return billionths === null ? 0 : Math.ceil(billionths / 1_000);
}
