import type {
  CedarValueJson,
  Entities,
  EntityJson,
  StatefulAuthorizationCall,
} from '@cedar-policy/cedar-wasm/nodejs';
import type { Principal, Stage, Subject } from '../kernel/index.ts';
import { countOf, textOf, textsOf } from './facts.ts';
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

/** One thing to ask about a subject: the action, when, and of what the policies for it speak. */
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
 * The question that Cedar is asked, with no more in it than the policies speak of. `name` is that of
 * the prepared set.
 *
 * INVARIANT: where it `fits`, it is one that the schema takes, but for members that no policy of the
 * set speaks of. So Cedar is not made to hold it against the schema each time, which took a third of
 * a decision; loading a set does, and a property test.
 *
 * @throws TypeError where what policies speak of is not in shape in the subject, which is a defect of ours.
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

type Attributes = Record<string, CedarValueJson>;

/** Each attribute, and how it is read: what no policy speaks of is not even read. */
type Readers<T> = Readonly<Record<string, (from: T) => CedarValueJson>>;

function told<T>(readers: Readers<T>, from: T, mentions: Mentions): Attributes {
  const attributes: Attributes = {};
  for (const name in readers) {
    if (mentions.has(name)) attributes[name] = (readers[name] as Readers<T>[string])(from);
  }
  return attributes;
}

interface Asked {
  readonly subject: Subject;
  readonly asking: Asking;
}

const ofCaller: Readers<Principal> = {
  credential: ({ credential }) => credential.kind,
  bound: ({ credential }) => credential.bound === true,
  scoped: ({ credential }) => credential.scopes !== undefined,
  scopes: ({ credential }) => [...(credential.scopes ?? [])],
  delegated: ({ actors }) => actors.length > 0,
  depth: ({ actors }) => actors.length,
  actors: ({ actors }) => actors.map(({ kind, id }) => `${kind}:${id}`),
};

const ofTime: Readers<Time> = { hour: ({ hour }) => hour, weekday: ({ weekday }) => weekday };

const ofEntering: Readers<Asked> = {
  protocol: ({ subject }) => textOf(subject.context, 'protocol'),
  caller: ({ subject, asking }) => told(ofCaller, subject.principal, asking.mentions),
  time: ({ asking }) => told(ofTime, asking.time, asking.mentions),
};

const ofTool: Readers<Asked> = {
  ...ofEntering,
  labels: ({ subject }) => [...textsOf(subject.context, 'labels')],
};

const ofModel: Readers<Asked> = {
  ...ofTool,
  stream: ({ subject }) => subject.context['stream'] === true,
  asked: ({ subject }) => textOf(subject.context, 'asked'),
  features: ({ subject }) => withKinds(textsOf(subject.context, 'features')),
  tokens: ({ subject }) => countOf(subject.context['tokens'], 'context.tokens'),
  cost: ({ subject }) => countOf(subject.context['cost'], 'context.cost'),
};

const ofContext: Readonly<Record<Action, Readers<Asked>>> = {
  enter: ofEntering,
  call_model: ofModel,
  see_feedback: { ...ofEntering, kind: ({ asking }) => asking.kind ?? '' },
  call_tool: ofTool,
};

function contextOf(subject: Subject, asking: Asking): Attributes {
  return told(ofContext[asking.action], { subject, asking }, asking.mentions);
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

const ofAgent: Readers<Principal> = {
  name: ({ name }) => name,
  owner: ({ owner }) => ({ __entity: { type: 'Person', id: owner } }),
  tenant: ({ tenant }) => ({ __entity: { type: 'Tenant', id: tenant } }),
  risk: ({ risk }) => countOf(risk, 'principal.risk'),
};

function entitiesOf({ principal, resource, context }: Subject, mentions: Mentions): Entities {
  const entities: EntityJson[] = [];
  if (principal.kind === 'agent') {
    const { id, tenant } = principal;
    // A policy can have the tenant from the agent, without naming it.
    const seen = mentions.has('tenant') || mentions.has(tenant);
    const parents = seen ? [{ type: 'Tenant', id: tenant }] : [];
    const uid = { type: 'Agent', id };
    entities.push({ uid, attrs: told(ofAgent, principal, mentions), parents });
  }
  if (resource.type === 'model') {
    const groups = textsOf(context, 'groups').filter((id) => mentions.has(id));
    const parents = groups.map((id) => ({ type: 'ModelGroup', id }));
    const provider = textOf(context, 'provider');
    if (provider !== '' && mentions.has(provider)) parents.push({ type: 'Provider', id: provider });
    entities.push({ uid: { type: 'Model', id: resource.id }, attrs: {}, parents });
  }
  // One with nothing to it is the same to Cedar as one that is not there.
  return entities.filter(({ attrs, parents }) => parents.length > 0 || hasMembers(attrs));
}

function hasMembers(record: object): boolean {
  for (const _ in record) return true;
  return false;
}
