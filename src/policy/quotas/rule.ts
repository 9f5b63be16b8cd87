import { GatehouseError, type Principal } from '../../kernel/index.ts';
import { most, nanosPerDollar } from './price.ts';
import { holders, type Measure, measures, type Only, periods, type Quota } from './quota.ts';

/** The model version of a call. */
export interface RuleModel {
  readonly id: string;
  readonly groups: readonly string[];
}

/** A quota that was read: its limit in whole units, and whom it is for. */
export interface Rule {
  readonly quota: Quota;
  /** Requests, tokens, calls, or billionths of a US dollar. */
  readonly limit: number;
  applies(principal: Principal, model: RuleModel): boolean;
  /** Whose use is summed: the name of an agent, `person:` and a person's id, an owner, … */
  holder(principal: Principal, model: RuleModel): string;
}

const idForm = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;

/**
 * Reads quotas.
 *
 * @throws GatehouseError `bad_config` for one that means nothing or has the id of another.
 */
export function rulesOf(quotas: readonly Quota[]): readonly Rule[] {
  const ids = new Set<string>();
  return quotas.map((quota) => {
    check(quota);
    if (ids.has(quota.id)) throw bad(quota.id, 'is there twice; give one another id');
    ids.add(quota.id);
    return {
      quota,
      limit: limitOf(quota),
      applies: appliesOf(quota.only),
      holder: holderOf(quota),
    };
  });
}

/** How an agent, or a person that calls without one, is called among the holders. */
export function nameOf({ kind, id, name }: Principal): string {
  // No name of an agent has a colon.
  return kind === 'agent' ? name : `person:${id}`;
}

function check({ id, of, measure, per }: Quota): void {
  if (!idForm.test(id)) {
    throw bad(id, 'has no fit id; use up to 64 of a to z, 0 to 9 and `.`, `_`, `-` between them');
  }
  oneOf(id, 'of', of, holders);
  oneOf(id, 'measure', measure, measures);
  if (measure === 'concurrency') {
    if (per !== undefined) throw bad(id, 'counts calls at a time, which have no `per`; drop it');
    return;
  }
  oneOf(id, 'per', per, periods);
}

function oneOf(id: string, what: string, value: string | undefined, all: readonly string[]): void {
  if (value !== undefined && all.includes(value)) return;
  throw bad(id, `has \`${what}: ${value}\`; write one of ${all.join(', ')}`);
}

function limitOf({ id, measure, limit }: Quota): number {
  const units = unitsOf(measure, limit);
  if (Number.isSafeInteger(units) && units >= 0) return units;
  const range = measure === 'money' ? `dollars up to ${most / nanosPerDollar}` : 'a whole number';
  throw bad(id, `has a limit of \`${limit}\`; write ${range}, from 0`);
}

function unitsOf(measure: Measure, limit: number): number {
  // A limit is rounded down, so that it is never more than what was written.
  return measure === 'money' ? Math.floor(Number((limit * nanosPerDollar).toPrecision(15))) : limit;
}

function appliesOf(only: Only = {}): Rule['applies'] {
  const named = (list: readonly string[] | undefined) => (list ? new Set(list) : null);
  const agents = named(only.agents);
  const owners = named(only.owners);
  const tenants = named(only.tenants);
  const models = named(only.models);
  const groups = named(only.groups);
  return (principal, model) =>
    (agents === null || agents.has(nameOf(principal))) &&
    (owners === null || owners.has(principal.owner)) &&
    (tenants === null || tenants.has(principal.tenant)) &&
    (models === null || models.has(model.id)) &&
    (groups === null || model.groups.some((group) => groups.has(group)));
}

function holderOf({ of }: Quota): Rule['holder'] {
  switch (of) {
    case 'agent':
      return nameOf;
    case 'owner':
      return ({ owner }) => owner;
    case 'tenant':
      return ({ tenant }) => tenant;
    case 'model':
      return (_, { id }) => id;
    case 'everyone':
      return () => '';
  }
}

function bad(id: string, what: string): GatehouseError {
  return new GatehouseError('bad_config', `quota \`${id}\` ${what}`);
}
