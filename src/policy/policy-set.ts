import {
  type DetailedError,
  type PolicyJson,
  policySetTextToParts,
  policyToJson,
  preparseSchema,
  type ValidationError,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs';
import { tooComplex } from './complexity.ts';
import { mentionsOf } from './mentions.ts';
import { Places } from './place.ts';
import type { TestResult } from './policy-test.ts';
import { type Action, allActions } from './question.ts';
import { type PolicySources, schemaFile } from './sources.ts';

/** Something wrong, or odd, in a source. `where` is `file:line:column`. */
export interface PolicyFlaw {
  readonly where: string;
  readonly message: string;
  readonly help: string | null;
}

/** One policy of the set. `id` is its @id annotation, or `file#n`, counted from 1. */
export interface PolicyFact {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly where: string;
  readonly reason: string | null;
}

/** What a set of sources is worth. With any error none of it counts; a test that fails is one. */
export interface PolicyCheck {
  readonly ok: boolean;
  readonly hash: string;
  readonly policies: readonly PolicyFact[];
  readonly errors: readonly PolicyFlaw[];
  readonly warnings: readonly PolicyFlaw[];
  /** What the tests of the set came to; none is run on a set that is not valid. */
  readonly tests: readonly TestResult[];
  /** For each action, what the policies that can speak of it speak of. */
  readonly mentions: Readonly<Record<Action, ReadonlySet<string>>>;
}

/** What was read of policies and schema: all that is wrong, and the texts by id where nothing is. */
export interface PolicySet {
  readonly policies: PolicyFact[];
  readonly texts: Record<string, string>;
  readonly errors: PolicyFlaw[];
  readonly warnings: PolicyFlaw[];
  readonly mentions: Readonly<Record<Action, Set<string>>>;
  /** The ids of the policies that can speak of an action. */
  readonly ofAction: Readonly<Record<Action, string[]>>;
}

/** Where the text of a policy stands. */
interface Standpoint {
  readonly places: Places;
  readonly start: number;
  readonly text: string;
}

/** Parses and validates (strict mode) policies and schema. The schema stays prepared as `check`. */
export function readSet(sources: PolicySources): PolicySet {
  // No prototype: an @id may be any text, `__proto__` too.
  const texts: Record<string, string> = Object.create(null);
  const ofAction = { enter: [], call_model: [], see_feedback: [], call_tool: [] };
  const none = () => new Set<string>();
  const mentions = { enter: none(), call_model: none(), see_feedback: none(), call_tool: none() };
  const set: PolicySet = { policies: [], texts, errors: [], warnings: [], mentions, ofAction };
  for (const { where, message } of tooComplex(sources)) {
    set.errors.push({ where: `${where}:1:1`, message, help: null });
  }
  if (set.errors.length > 0) return set;
  const schema = preparseSchema('check', sources.schema);
  if (schema.type === 'failure') {
    const places = new Places(schemaFile, sources.schema);
    set.errors.push(...schema.errors.map((e) => flaw(e, places)));
    return set;
  }
  const found = new Map<string, Standpoint>();
  for (const name of Object.keys(sources.policies).sort()) {
    readFile(name, sources.policies[name] as string, set, found);
  }
  validateAll(sources.schema, set, found);
  return set;
}

function readFile(
  name: string,
  text: string,
  set: PolicySet,
  found: Map<string, Standpoint>,
): void {
  const places = new Places(name, text);
  const parts = policySetTextToParts(text);
  if (parts.type === 'failure') {
    set.errors.push(...parts.errors.map((e) => flaw(e, places)));
    return;
  }
  if (parts.policy_templates.length > 0) {
    const message = 'templates are not supported; write a policy for each case';
    set.errors.push({ where: places.at(0), message, help: null });
  }
  for (const [i, [start, policy]] of placed(text, parts.policies).entries()) {
    const parsed = policyToJson(policy);
    const point = { places, start, text: policy };
    if (parsed.type === 'failure') {
      set.errors.push(...parsed.errors.map((e) => flaw(e, places, point)));
      continue;
    }
    const fact = factOf(parsed.json, `${name}#${i + 1}`, places.at(start));
    set.policies.push(fact);
    if (Object.hasOwn(set.texts, fact.id)) {
      const message = `the id \`${fact.id}\` is used twice; give each policy an @id of its own`;
      set.errors.push({ where: fact.where, message, help: null });
      continue;
    }
    set.texts[fact.id] = policy;
    found.set(fact.id, point);
    const mentions = mentionsOf(parsed.json);
    for (const action of actionsOf(parsed.json)) {
      set.ofAction[action].push(fact.id);
      for (const one of mentions) set.mentions[action].add(one);
    }
  }
}

// Cedar hands the texts out in an order of its own; ids count by place in the file.
function placed(text: string, policies: readonly string[]): readonly [number, string][] {
  const next = new Map<string, number>();
  const all = policies.map((policy): [number, string] => {
    const start = text.indexOf(policy, next.get(policy) ?? 0);
    next.set(policy, start + 1);
    return [start, policy];
  });
  return all.sort(([a], [b]) => a - b);
}

// An action that is not known here could be a group of actions: then the policy is asked always.
function actionsOf({ action }: PolicyJson): readonly Action[] {
  if (action.op === 'All' || 'slot' in action) return allActions;
  const entities = 'entities' in action ? action.entities : [action.entity];
  const ids = entities.map((one) => ('__entity' in one ? one.__entity.id : one.id));
  const known = allActions.filter((one) => ids.includes(one));
  return ids.every((id) => allActions.some((one) => one === id)) ? known : allActions;
}

// All in one call: Cedar reads the schema anew in each.
function validateAll(schema: string, set: PolicySet, found: ReadonlyMap<string, Standpoint>): void {
  const validationSettings = { mode: 'strict' } as const;
  const said = validate({ validationSettings, schema, policies: { staticPolicies: set.texts } });
  const nowhere = new Places('*', '');
  if (said.type === 'failure') {
    set.errors.push(...said.errors.map((e) => flaw(e, nowhere)));
    set.warnings.push(...said.warnings.map((e) => flaw(e, nowhere)));
    return;
  }
  const invalid = ({ policyId, error }: ValidationError) => {
    const point = found.get(policyId);
    return flaw(error, point?.places ?? nowhere, point);
  };
  set.errors.push(...said.validationErrors.map(invalid));
  set.warnings.push(...said.validationWarnings.map(invalid));
  set.warnings.push(...said.otherWarnings.map((e) => flaw(e, nowhere)));
}

function factOf(policy: PolicyJson, fallback: string, where: string): PolicyFact {
  const { id, reason } = policy.annotations ?? {};
  return {
    id: id === undefined || id === '' ? fallback : id,
    effect: policy.effect,
    where,
    reason: reason === undefined || reason === '' ? null : reason,
  };
}

/** What Cedar says is wrong, with its place in the file. */
export function flaw(error: DetailedError, places: Places, point?: Standpoint): PolicyFlaw {
  const byte = error.sourceLocations?.[0]?.start ?? 0;
  const message = error.message.replace(/^for policy `(?:[^`]*)`, /, '');
  const where = places.atByte(byte, point?.start, point?.text);
  return { where, message, help: error.help };
}
