import { formatPolicies, type PolicyJson, policyToText } from '@cedar-policy/cedar-wasm/nodejs';

/** What an agent did, which is all that it may go on to do. */
export interface Narrowing {
  readonly agent: { readonly id: string; readonly name: string };
  /** Exact model versions. */
  readonly models: readonly string[];
}

/**
 * A policy, as text for a file of its own, that leaves an agent what it uses and takes the rest
 * away, whichever permits it has: since permits add up, only a forbid narrows.
 */
export function narrower({ agent, models }: Narrowing): string {
  const entity = (id: string) => ({ Value: { __entity: { type: 'Model', id } } });
  const listed = { Set: models.map(entity) };
  const body = { in: { left: { Var: 'resource' as const }, right: listed } };
  const policy: PolicyJson = {
    effect: 'forbid',
    annotations: {
      id: `${agent.name}-uses-only`,
      reason: `agent ${agent.name} may use what it was seen to use, and no other model`,
    },
    principal: { op: '==', entity: { type: 'Agent', id: agent.id } },
    action: { op: '==', entity: { type: 'Action', id: 'call_model' } },
    resource: { op: 'All' },
    conditions: models.length === 0 ? [] : [{ kind: 'unless', body }],
  };
  const said = policyToText(policy);
  if (said.type === 'failure') throw new TypeError('cedar cannot write the narrower policy');
  const pretty = formatPolicies({ policyText: said.text, lineWidth: 80, indentWidth: 2 });
  return `${pretty.type === 'success' ? pretty.formatted_policy : said.text}`
    .trimEnd()
    .concat('\n');
}
