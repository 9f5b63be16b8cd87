import type { PolicyJson, StatefulAuthorizationCall } from '@cedar-policy/cedar-wasm/nodejs';
import { everything } from '../mentions.ts';
import type { PolicyFact } from '../policy-set.ts';
import { question, type Time } from '../question.ts';
import { ruling, type Standing } from '../standing.ts';
import { type Condition, conditionsOf, met } from './conditions.ts';
import { matching, probed } from './probes.ts';
import { askingOf, type Put } from './question-put.ts';
import { because, conditionText, releases, wish } from './words.ts';

/** A demand of a policy, as Cedar writes it, and whether it is met. Null: Cedar could not tell. */
export interface ToldCondition {
  readonly part: Condition['part'];
  readonly text: string;
  readonly met: boolean | null;
}

/** A policy that has to do with a question. */
export interface ToldPolicy extends PolicyFact {
  readonly text: string;
  readonly decided: boolean;
  /** Null: it failed, or Cedar could not tell. */
  readonly matches: boolean | null;
  readonly conditions: readonly ToldCondition[];
}

/** Why one question is decided as it is, and what would have to change for it to be allowed. */
export interface Explanation {
  readonly action: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly decision: 'allow' | 'deny' | 'error';
  /** The ids that decided. */
  readonly by: readonly string[];
  /** Those that match or failed; where no permit matches also the permits that come nearest. */
  readonly policies: readonly ToldPolicy[];
  /** One sentence each; none for what is allowed. */
  readonly changes: readonly string[];
}

/** A policy of the set with its text and what Cedar parsed. */
export interface ReadPolicy extends PolicyFact {
  readonly text: string;
  readonly parsed: PolicyJson;
}

interface Seen {
  readonly policy: ReadPolicy;
  readonly matches: boolean | null;
  readonly conditions: readonly Condition[];
}

const mostNear = 5;
const mostLooked = 100;

/**
 * Explains what the set says of one question, with those of its policies that can speak of the
 * action. Every answer in it is Cedar's.
 */
export function explain(
  set: Standing,
  policies: readonly ReadPolicy[],
  put: Put,
  time: Time,
): Explanation {
  const asking = askingOf(put, time, set.check.mentions);
  const { decision, ids } = ruling(set.check.hash, put.subject, asking);
  // All of it: what is told names the agent, though no policy may.
  const asked = question(set.check.hash, put.subject, { ...asking, mentions: everything });
  const seen = look(policies, asked);
  const hits = seen.filter(({ matches }) => matches !== false);
  const permitted = hits.some(({ policy, matches }) => policy.effect === 'permit' && matches);
  const near = permitted ? [] : nearest(seen);
  const { type, id } = put.subject.resource;
  return {
    action: put.action,
    resource: { type, id },
    decision,
    by: ids,
    policies: [...hits, ...near].map((one) => told(one, ids)),
    changes:
      decision === 'allow'
        ? []
        : changes(asked, put.action, decision === 'error' ? ids : [], hits, near, permitted),
  };
}

/**
 * The policies that match, and permits that may come near, each with what Cedar says of its demands.
 * Of many permits only those whose scope fits best are looked at: asking takes its time.
 */
function look(policies: readonly ReadPolicy[], asked: StatefulAuthorizationCall): readonly Seen[] {
  const matches = matching(asked, new Map(policies.map(({ id, parsed }) => [id, parsed])));
  const hits = policies.filter(({ id }) => matches.get(id) !== false);
  const others = policies.filter(({ id, effect }) => {
    return effect === 'permit' && matches.get(id) === false;
  });
  const permitted = hits.some(({ id, effect }) => effect === 'permit' && matches.get(id));
  const looked = permitted ? hits : [...hits, ...likeliest(others, asked)];
  const conditions = probed(
    asked,
    looked.map(({ parsed }) => conditionsOf(parsed)),
  );
  return looked.map((policy, i) => {
    return { policy, matches: matches.get(policy.id) ?? null, conditions: conditions[i] ?? [] };
  });
}

function likeliest(
  permits: readonly ReadPolicy[],
  asked: StatefulAuthorizationCall,
): readonly ReadPolicy[] {
  if (permits.length <= mostLooked) return permits;
  const scopes = permits.map(
    ({ id, parsed }) => [id, { ...parsed, conditions: [] as PolicyJson['conditions'] }] as const,
  );
  const fits = matching(asked, new Map(scopes));
  const inScope = permits.filter(({ id }) => fits.get(id) !== false);
  const others = permits.filter(({ id }) => fits.get(id) === false);
  return [...inScope, ...others].slice(0, mostLooked);
}

function nearest(seen: readonly Seen[]): readonly Seen[] {
  const lacking = ({ conditions }: Seen) => conditions.filter((one) => met(one) !== true).length;
  return seen
    .filter(({ policy, matches }) => policy.effect === 'permit' && matches === false)
    .sort((a, b) => lacking(a) - lacking(b))
    .slice(0, mostNear);
}

function changes(
  asked: StatefulAuthorizationCall,
  action: string,
  failed: readonly string[],
  hits: readonly Seen[],
  near: readonly Seen[],
  permitted: boolean,
): readonly string[] {
  const forbids = hits.filter(({ policy, matches }) => matches && policy.effect === 'forbid');
  const nobody = `no policy permits \`${action}\` at all; write a permit for it`;
  return [
    ...failed.map((id) => `\`${id}\` failed, and nothing passes while it does`),
    ...forbids.map((one) => forbidding(one, asked)),
    ...near.map((one) => {
      const unmet = one.conditions.filter((condition) => met(condition) !== true);
      const wishes = unmet.map((condition) => wish(condition, asked));
      return `\`${one.policy.id}\` would permit if ${wishes.join(' and ')}`;
    }),
    ...(permitted || near.length > 0 ? [] : [nobody]),
  ];
}

function forbidding({ policy, conditions }: Seen, asked: StatefulAuthorizationCall): string {
  const reasons = because(conditions, asked);
  const released = releases(conditions, asked);
  const why = reasons.length === 0 ? 'whatever is asked' : `because ${reasons.join(' and ')}`;
  const otherwise =
    reasons.length === 0
      ? []
      : [`${reasons.length === 1 ? 'that' : 'one of these'} were otherwise`];
  const ways = [...otherwise, ...released];
  const end =
    ways.length === 0
      ? 'only another policy set changes that'
      : `it would not if ${ways.join(', or if ')}`;
  return `\`${policy.id}\` forbids ${why}; ${end}`;
}

function told({ policy, matches, conditions }: Seen, by: readonly string[]): ToldPolicy {
  const { parsed: _, ...facts } = policy;
  return {
    ...facts,
    decided: by.includes(policy.id),
    matches,
    conditions: conditions.map((one) => {
      return { part: one.part, text: conditionText(one), met: met(one) };
    }),
  };
}
