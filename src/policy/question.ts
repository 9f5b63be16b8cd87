import type {
  Entities,
  EntityJson,
  StatefulAuthorizationCall,
} from '@cedar-policy/cedar-wasm/nodejs';
import type { Stage, Subject } from '../kernel/index.ts';
import { countOf, groupsOf, textOf, textsOf } from './facts.ts';
import type { Mentions } from './mentions.ts';

/** What is asked of Cedar: the actions of the schema. */
export const allActions = ['enter', 'call_model', 'see_feedback', 'call_tool'] as const;
export type Action = (typeof allActions)[number];

/** The name in Cedar's cache of those policies of a set that can speak of an action. */
export function preparedName(set: string, action: Action): string {
  return `${set}/${action}`;
}

/** The Cedar action of each stage that `policy.cedar` judges. */
export const actions: Partial<Record<Stage, Action>> = {
  enter: 'enter',
  model: 'call_model',
  action: 'call_tool',
};

/** When, in UTC: `hour` 0 to 23, `weekday` 1 (Monday) to 7 (Sunday, ISO 8601). */
export interface Time {
  readonly hour: number;
  readonly weekday: number;
}

/** One thing to ask about a subject: the action, when, and of what the set's policies speak. */
export interface Asking {
  readonly action: Action;
  /** For `see_feedback`: what the answer would carry. */
  readonly kind?: string;
  readonly time: Time;
  readonly mentions: Mentions;
}

const resourceTypes: Record<string, string> = { gateway: 'Gateway', model: 'Model', tool: 'Tool' };
const resourceOf = {
  enter: 'gateway',
  call_model: 'model',
  see_feedback: 'model',
  call_tool: 'tool',
};
const noTime: Time = { hour: 0, weekday: 1 };

/** The time of a policy. `now` is Unix time in milliseconds. */
export function timeOf(now: number): Time {
  const date = new Date(now);
  return { hour: date.getUTCHours(), weekday: date.getUTCDay() || 7 };
}

/** True if the schema has this question at all: an agent asks, for what the action is about. */
export function fits({ principal, resource }: Subject, { action }: Asking): boolean {
  return principal.kind === 'agent' && resource.type === resourceOf[action];
}

/**
 * The question that Cedar is asked, with no more entities than it needs. `name` is that of the
 * prepared set.
 *
 * INVARIANT: where it `fits`, it is one that the schema takes. So Cedar is not made to hold it against
 * the schema each time, which took a third of a decision; loading a set does, and a property test.
 *
 * @throws TypeError where the subject's context is not in shape, which is a defect of ours.
 */
export function question(
  name: string,
  subject: Subject,
  asking: Asking,
): StatefulAuthorizationCall {
  const { principal, resource } = subject;
  const type = principal.kind === 'agent' ? 'Agent' : 'Person';
  return {
    principal: { type, id: principal.id },
    action: { type: 'Action', id: asking.action },
    resource: { type: resourceTypes[resource.type] ?? 'Artifact', id: resource.id },
    context: contextOf(subject, asking),
    preparsedPolicySetId: preparedName(name, asking.action),
    entities: entitiesOf(subject, asking.mentions),
  };
}

type Context = StatefulAuthorizationCall['context'];

function contextOf(subject: Subject, asking: Asking): Context {
  const { context } = subject;
  const { action, kind = '', mentions } = asking;
  const { hour, weekday } = mentions.has('time') ? asking.time : noTime;
  const common = {
    protocol: textOf(context, 'protocol'),
    caller: callerOf(subject),
    time: { hour, weekday },
  };
  if (action === 'enter') return common;
  if (action === 'see_feedback') return { ...common, kind };
  const labels = [...textsOf(context, 'labels')];
  if (action === 'call_tool') return { ...common, labels };
  return {
    ...common,
    labels,
    stream: context['stream'] === true,
    asked: textOf(context, 'asked'),
    features: withKinds(textsOf(context, 'features')),
    // INVARIANT: what no policy of the set speaks of is not told, so that it need not be in the key.
    tokens: mentions.has('tokens') ? countOf(context['tokens'], 'context.tokens') : 0,
    cost: mentions.has('cost') ? countOf(context['cost'], 'context.cost') : 0,
  };
}

function callerOf({ principal: { credential, actors } }: Subject): Context {
  return {
    credential: credential.kind,
    bound: credential.bound === true,
    scoped: credential.scopes !== undefined,
    scopes: [...(credential.scopes ?? [])],
    delegated: actors.length > 0,
    depth: actors.length,
    actors: actors.map(({ kind, id }) => `${kind}:${id}`),
  };
}

/** Cedar has no wildcard on sets: for each `kind:detail` the set holds `kind` too. */
function withKinds(features: readonly string[]): string[] {
  const all = new Set(features);
  for (const feature of features) {
    const colon = feature.indexOf(':');
    if (colon > 0) all.add(feature.slice(0, colon));
  }
  return [...all];
}

function entitiesOf({ principal, resource, context }: Subject, mentions: Mentions): Entities {
  const entities: EntityJson[] = [];
  if (principal.kind === 'agent') {
    const { id, name } = principal;
    const owner = { __entity: { type: 'Person', id: principal.owner } };
    const tenant = { type: 'Tenant', id: principal.tenant };
    const risk = countOf(principal.risk, 'principal.risk');
    const attrs = { name, owner, tenant: { __entity: tenant }, risk };
    entities.push({ uid: { type: 'Agent', id }, attrs, parents: [tenant] });
  }
  if (resource.type === 'model') {
    const groups = groupsOf(context, mentions).map((id) => ({ type: 'ModelGroup', id }));
    const provider = textOf(context, 'provider');
    const parents = provider === '' ? groups : [{ type: 'Provider', id: provider }, ...groups];
    entities.push({ uid: { type: 'Model', id: resource.id }, attrs: {}, parents });
  }
  return entities;
}
