import { type Expr, type PolicyJson, policyToText } from '@cedar-policy/cedar-wasm/nodejs';

/** One test of a policy, as small as it can be told. `holds` is null where Cedar could not tell. */
export interface Piece {
  readonly expression: Expr;
  readonly holds: boolean | null;
}

/**
 * One demand of a policy: its scope, or a conjunct of a `when`, or a whole `unless`. It is true if
 * all pieces of one alternative hold; an `unless` is met where it is not true.
 */
export interface Condition {
  readonly part: 'principal' | 'action' | 'resource' | 'when' | 'unless';
  readonly alternatives: readonly (readonly Piece[])[];
}

/** Whether the policy's demand is met. */
export function met({ part, alternatives }: Condition): boolean | null {
  const truths = alternatives.map((pieces) => {
    if (pieces.some(({ holds }) => holds === false)) return false;
    return pieces.every(({ holds }) => holds === true) ? true : null;
  });
  const truth = truths.includes(true) ? true : truths.includes(null) ? null : false;
  return part === 'unless' && truth !== null ? !truth : truth;
}

/** The demands of a policy, in its order, not yet asked about. */
export function conditionsOf(policy: PolicyJson): readonly Condition[] {
  const scope = (['principal', 'action', 'resource'] as const).flatMap((part) => {
    return scopeOf(part, policy[part]).map((one) => condition(part, [[one]]));
  });
  const clauses = policy.conditions.flatMap(({ kind, body }) => {
    return kind === 'when'
      ? split(body, '&&').map((one) => condition('when', [[one]]))
      : [
          condition(
            'unless',
            split(body, '||').map((one) => split(one, '&&')),
          ),
        ];
  });
  return [...scope, ...clauses];
}

function condition(part: Condition['part'], all: readonly (readonly Expr[])[]): Condition {
  const alternatives = all.map((some) => some.map((expression) => ({ expression, holds: null })));
  return { part, alternatives };
}

type Constraint = PolicyJson['principal'] | PolicyJson['action'] | PolicyJson['resource'];

/** A constraint of the scope as expressions that mean the same. */
function scopeOf(variable: 'principal' | 'action' | 'resource', scope: Constraint): Expr[] {
  const left: Expr = { Var: variable };
  const entity = (value: unknown) => ({ Value: { __entity: value } }) as Expr;
  const told = scope as { op: string; entity?: object; entities?: object[] } & {
    entity_type?: string;
    in?: { entity: object };
  };
  if (told.op === '==') return [{ '==': { left, right: entity(told.entity) } }];
  if (told.op === 'in') {
    const right =
      told.entities === undefined
        ? entity(told.entity)
        : ({ Set: told.entities.map(entity) } as Expr);
    return [{ in: { left, right } }];
  }
  if (told.op !== 'is') return [];
  const type: Expr = { is: { left, entity_type: told.entity_type ?? '' } };
  return told.in === undefined ? [type] : [type, { in: { left, right: entity(told.in.entity) } }];
}

function split(body: Expr, by: '&&' | '||'): Expr[] {
  const both = (body as Record<string, { left: Expr; right: Expr }>)[by];
  return both === undefined ? [body] : [...split(both.left, by), ...split(both.right, by)];
}

/** A policy that permits exactly where an expression is true. */
export function probe(expression: Expr): PolicyJson {
  const all = { op: 'All' } as const;
  const conditions = [{ kind: 'when' as const, body: expression }];
  return { effect: 'permit', principal: all, action: all, resource: all, conditions };
}

/** An expression as Cedar writes it. */
export function textOfExpression(expression: Expr): string {
  const said = policyToText(probe(expression));
  if (said.type === 'failure') return '…';
  return said.text.slice(said.text.indexOf('{') + 1, said.text.lastIndexOf('}')).trim();
}
