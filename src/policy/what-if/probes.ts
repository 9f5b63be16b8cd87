import {
  type Expr,
  type PolicyJson,
  preparsePolicySet,
  type StatefulAuthorizationCall,
  statefulIsAuthorized,
} from '@cedar-policy/cedar-wasm/nodejs';
import { type Condition, probe } from './conditions.ts';

const place = 'what-if';

// JavaScript rounds larger numbers than Cedar has: such a policy would be asked as another one.
function faithful(node: unknown): boolean {
  if (typeof node === 'number') return Number.isSafeInteger(node);
  if (typeof node !== 'object' || node === null) return true;
  return Object.values(node).every(faithful);
}

/**
 * Which policies match a question, by their keys: all of them are asked as permits, of which Cedar
 * names every one that is satisfied. Null where it could not tell.
 */
export function matching(
  asked: StatefulAuthorizationCall,
  policies: ReadonlyMap<string, PolicyJson>,
): ReadonlyMap<string, boolean | null> {
  const permits: Record<string, PolicyJson> = {};
  const keys = [...policies.keys()];
  const lost = new Set<string>();
  for (const [i, key] of keys.entries()) {
    const policy = policies.get(key) as PolicyJson;
    if (faithful(policy)) permits[`p${i}`] = { ...policy, effect: 'permit', annotations: {} };
    else lost.add(`p${i}`);
  }
  const ready = preparsePolicySet(place, { staticPolicies: permits });
  const said =
    ready.type === 'success' ? answered({ ...asked, preparsedPolicySetId: place }) : null;
  if (said === null) return new Map(keys.map((key) => [key, null]));
  const failed = new Set([...lost, ...said.diagnostics.errors.map(({ policyId }) => policyId)]);
  const held = new Set(said.diagnostics.reason);
  return new Map(
    keys.map((key, i) => [key, failed.has(`p${i}`) ? null : held.has(`p${i}`)] as const),
  );
}

function answered(asked: StatefulAuthorizationCall) {
  try {
    const answer = statefulIsAuthorized(asked);
    return answer.type === 'success' ? answer.response : null;
  } catch {
    // Cedar throws on texts that it cannot hold.
    return null;
  }
}

/** Demands of policies with what Cedar says of each piece, all in one question. */
export function probed(
  asked: StatefulAuthorizationCall,
  policies: readonly (readonly Condition[])[],
): readonly (readonly Condition[])[] {
  const expressions = new Map<Expr, string>();
  for (const { expression } of policies.flat().flatMap(({ alternatives }) => alternatives.flat())) {
    expressions.set(expression, String(expressions.size));
  }
  const probes = new Map([...expressions].map(([one, key]) => [key, probe(one)]));
  const truth = matching(asked, probes);
  const told = (condition: Condition): Condition => ({
    ...condition,
    alternatives: condition.alternatives.map((pieces) => {
      return pieces.map(({ expression }) => {
        return { expression, holds: truth.get(expressions.get(expression) ?? '') ?? null };
      });
    }),
  });
  return policies.map((conditions) => conditions.map(told));
}
