import type {
  Entities,
  EntityJson,
  StatefulAuthorizationCall,
} from '@cedar-policy/cedar-wasm/nodejs';
import type { JsonObject, Stage, Subject } from '../kernel/index.ts';

/** The Cedar action of each stage that policies judge. */
export const actions: Partial<Record<Stage, string>> = {
  enter: 'enter',
  model: 'call_model',
  action: 'call_tool',
};

const resourceTypes: Record<string, string> = { gateway: 'Gateway', model: 'Model', tool: 'Tool' };

/**
 * Everything of a subject that a policy can see, as one string: two subjects of the same key get
 * the same answer from one policy set.
 *
 * INVARIANT: what `question` reads is in the key, each text with its length before it, so that no
 * two different questions share a key, whatever a caller writes into a name.
 */
export function questionKey({ stage, principal, resource, context }: Subject): string {
  const { credential, actors } = principal;
  let key =
    stage +
    text(principal.kind) +
    text(principal.id) +
    text(principal.name) +
    text(principal.owner) +
    text(principal.tenant) +
    text(credential.kind) +
    text(resource.type) +
    text(resource.id) +
    text(string(context, 'protocol'));
  for (const actor of actors) key += text(actor.kind) + text(actor.id);
  if (stage !== 'model') return key;
  key += (context.stream === true ? 's' : 'n') + text(string(context, 'asked'));
  for (const feature of strings(context, 'features')) key += `f${text(feature)}`;
  for (const group of strings(context, 'groups')) key += `g${text(group)}`;
  return `${key}p${text(string(context, 'provider'))}`;
}

/** The question that Cedar is asked, with no more entities than it needs. */
export function question(
  hash: string,
  subject: Subject,
  action: string,
): StatefulAuthorizationCall {
  const { principal, resource } = subject;
  const type = principal.kind === 'agent' ? 'Agent' : 'Person';
  return {
    principal: { type, id: principal.id },
    action: { type: 'Action', id: action },
    resource: { type: resourceTypes[resource.type] ?? 'Artifact', id: resource.id },
    context: contextOf(subject),
    preparsedSchemaName: hash,
    preparsedPolicySetId: hash,
    validateRequest: true,
    entities: entitiesOf(subject),
  };
}

function contextOf({ stage, principal, context }: Subject): StatefulAuthorizationCall['context'] {
  const actors = principal.actors.map(({ kind, id }) => `${kind}:${id}`);
  const caller = {
    credential: principal.credential.kind,
    delegated: actors.length > 0,
    actors,
  };
  const protocol = string(context, 'protocol');
  if (stage !== 'model') return { protocol, caller };
  return {
    protocol,
    caller,
    stream: context.stream === true,
    asked: string(context, 'asked'),
    features: withKinds(strings(context, 'features')),
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

function entitiesOf({ principal, resource, context }: Subject): Entities {
  const entities: EntityJson[] = [];
  if (principal.kind === 'agent') {
    const owner = { type: 'Person', id: principal.owner };
    const tenant = { type: 'Tenant', id: principal.tenant };
    entities.push({
      uid: { type: 'Agent', id: principal.id },
      attrs: { name: principal.name, owner: { __entity: owner }, tenant: { __entity: tenant } },
      parents: [tenant],
    });
  }
  if (resource.type === 'model') {
    const groups = strings(context, 'groups').map((id) => ({ type: 'ModelGroup', id }));
    const provider = string(context, 'provider');
    const parents = provider === '' ? groups : [{ type: 'Provider', id: provider }, ...groups];
    entities.push({ uid: { type: 'Model', id: resource.id }, attrs: {}, parents });
  }
  return entities;
}

function text(value: string): string {
  return `${value.length}:${value}`;
}

function string(context: JsonObject, name: string): string {
  const value = context[name];
  return typeof value === 'string' ? value : '';
}

const none: readonly string[] = [];

// A list with anything but texts in it is a defect of ours: refuse rather than guess.
function strings(context: JsonObject, name: string): readonly string[] {
  const value = context[name];
  if (value === undefined) return none;
  if (!Array.isArray(value)) throw new TypeError(`context.${name} is a list of texts`);
  for (const one of value) {
    if (typeof one !== 'string') throw new TypeError(`context.${name} is a list of texts`);
  }
  return value as readonly string[];
}
