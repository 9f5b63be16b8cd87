import {
  type DetailedError,
  type PolicyJson,
  policySetTextToParts,
  policyToJson,
  preparsePolicySet,
  preparseSchema,
  type ValidationError,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs';
import { tooComplex } from './complexity.ts';
import { type PolicySources, schemaFile, sourcesHash } from './sources.ts';

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

/** What a set of sources is worth. With any error none of it counts. */
export interface PolicyCheck {
  readonly ok: boolean;
  readonly hash: string;
  readonly policies: readonly PolicyFact[];
  readonly errors: readonly PolicyFlaw[];
  readonly warnings: readonly PolicyFlaw[];
}

interface Found {
  readonly policies: PolicyFact[];
  readonly texts: Record<string, string>;
  readonly errors: PolicyFlaw[];
  readonly warnings: PolicyFlaw[];
}

/** Parses and validates (strict mode) without putting anything in force. */
export function checkSources(sources: PolicySources): PolicyCheck {
  const { policies, errors, warnings } = readAll(sources);
  return { ok: errors.length === 0, hash: sourcesHash(sources), policies, errors, warnings };
}

/**
 * Checks the sources and, when they are good, puts them into Cedar's cache under names made of
 * their hash. Sets of the same name are the same, so no set can take another's place.
 */
export function prepare(sources: PolicySources): PolicyCheck {
  const { policies, texts, errors, warnings } = readAll(sources);
  const hash = sourcesHash(sources);
  if (errors.length === 0) {
    const schema = preparseSchema(hash, sources.schema);
    const set = preparsePolicySet(hash, { staticPolicies: texts });
    for (const answer of [schema, set]) {
      if (answer.type === 'failure') errors.push(...answer.errors.map((e) => flaw('*', '', e)));
    }
  }
  return { ok: errors.length === 0, hash, policies, errors, warnings };
}

function readAll(sources: PolicySources): Found {
  const found: Found = { policies: [], texts: {}, errors: [], warnings: [] };
  for (const { where, message } of tooComplex(sources)) {
    found.errors.push({ where: `${where}:1:1`, message, help: null });
  }
  if (found.errors.length > 0) return found;
  const schema = preparseSchema('check', sources.schema);
  if (schema.type === 'failure') {
    found.errors.push(...schema.errors.map((e) => flaw(schemaFile, sources.schema, e)));
    return found;
  }
  for (const name of Object.keys(sources.policies).sort()) {
    readFile(name, sources.policies[name] as string, sources.schema, found);
  }
  return found;
}

function readFile(name: string, text: string, schema: string, found: Found): void {
  const parts = policySetTextToParts(text);
  if (parts.type === 'failure') {
    found.errors.push(...parts.errors.map((e) => flaw(name, text, e)));
    return;
  }
  if (parts.policy_templates.length > 0) {
    const message = 'templates are not supported; write a policy for each case';
    found.errors.push({ where: `${name}:1:1`, message, help: null });
  }
  collect(name, text, parts.policies, found);
  const said = validate({
    validationSettings: { mode: 'strict' },
    schema,
    policies: { staticPolicies: text },
  });
  const broken = (e: DetailedError) => flaw(name, text, e);
  if (said.type === 'failure') {
    found.errors.push(...said.errors.map(broken));
    found.warnings.push(...said.warnings.map(broken));
    return;
  }
  const invalid = (e: ValidationError) => flaw(name, text, e.error);
  found.errors.push(...said.validationErrors.map(invalid));
  found.warnings.push(...said.validationWarnings.map(invalid), ...said.otherWarnings.map(broken));
}

// Cedar hands the texts out in an order of its own; ids count by place in the file.
function collect(name: string, text: string, policies: readonly string[], found: Found): void {
  const next = new Map<string, number>();
  const placed = policies.map((policy) => {
    const start = text.indexOf(policy, next.get(policy) ?? 0);
    next.set(policy, start + 1);
    return { policy, start };
  });
  placed.sort((a, b) => a.start - b.start);
  for (const [i, { policy, start }] of placed.entries()) {
    const parsed = policyToJson(policy);
    if (parsed.type === 'failure') {
      found.errors.push(...parsed.errors.map((e) => flaw(name, text, e)));
      continue;
    }
    const fact = factOf(parsed.json, `${name}#${i + 1}`, place(name, text, start));
    if (Object.hasOwn(found.texts, fact.id)) {
      const message = `the id \`${fact.id}\` is used twice; give each policy an @id of its own`;
      found.errors.push({ where: fact.where, message, help: null });
    }
    found.texts[fact.id] = policy;
    found.policies.push(fact);
  }
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

function flaw(name: string, text: string, error: DetailedError): PolicyFlaw {
  // Cedar counts bytes of UTF-8.
  const byte = error.sourceLocations?.[0]?.start ?? 0;
  const start = Buffer.from(text).subarray(0, byte).toString('utf8').length;
  const message = error.message.replace(/^for policy `policy\d+`, /, '');
  return { where: place(name, text, start), message, help: error.help };
}

function place(name: string, text: string, start: number): string {
  const before = text.slice(0, start).split('\n');
  return `${name}:${before.length}:${(before.at(-1) ?? '').length + 1}`;
}
