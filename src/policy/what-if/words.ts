import type {
  CedarValueJson,
  Expr,
  StatefulAuthorizationCall,
} from '@cedar-policy/cedar-wasm/nodejs';
import { type Condition, met, type Piece, textOfExpression } from './conditions.ts';

type Asked = StatefulAuthorizationCall;

/** A demand as Cedar writes it: an `unless` with all its alternatives. */
export function conditionText({ alternatives }: Condition): string {
  const one = (pieces: readonly Piece[]) =>
    pieces.map(({ expression }) => textOfExpression(expression)).join(' && ');
  return alternatives.map(one).join(' || ');
}

/** What would have to be otherwise for a demand that is not met, in words. */
export function wish(condition: Condition, asked: Asked): string {
  const { part, alternatives } = condition;
  if (part !== 'unless')
    return alternatives
      .flat()
      .map((piece) => were(piece, asked))
      .join(' and ');
  const wrong = alternatives.filter((pieces) => pieces.every(({ holds }) => holds !== false));
  const told = wrong.map((pieces) => pieces.map((piece) => quoted(piece, asked)).join(' and '));
  return `not ${told.join(', and not ')}`;
}

/** Why a policy matches: the demands that say more than which kind of thing they are about. */
export function because(conditions: readonly Condition[], asked: Asked): readonly string[] {
  return conditions
    .filter(({ part, alternatives }) => {
      const [first] = alternatives.flat();
      return part !== 'action' && part !== 'unless' && !('is' in (first?.expression ?? {}));
    })
    .flatMap(({ alternatives }) => alternatives.flat())
    .map((piece) => quoted(piece, asked));
}

/** What would release a policy that matches: each alternative of each `unless`, in words. */
export function releases(conditions: readonly Condition[], asked: Asked): readonly string[] {
  return conditions
    .filter((condition) => condition.part === 'unless' && met(condition) === true)
    .flatMap(({ alternatives }) => alternatives)
    .map((pieces) => {
      const lacking = pieces.filter(({ holds }) => holds !== true);
      return lacking.map((piece) => were(piece, asked)).join(' and ');
    });
}

/** The piece as something that is not so and could be. */
function were(piece: Piece, asked: Asked): string {
  const { expression } = piece;
  const { in: inside, '==': equal } = expression as Record<string, { left: Expr; right: Expr }>;
  const named = entityIn((inside ?? equal)?.right);
  const variable = ((inside ?? equal)?.left as { Var?: string } | undefined)?.Var;
  if (named === null || variable === undefined) return `${quoted(piece, asked)} held`;
  const subject = variable === 'principal' ? `agent \`${agentName(asked)}\`` : resource(asked);
  if (equal !== undefined) return `${subject} were ${named.type} \`${named.id}\``;
  if (named.type === 'Provider') return `${subject} were served by \`${named.id}\``;
  return `${subject} were in ${named.type} \`${named.id}\``;
}

function resource(asked: Asked): string {
  const { type, id } = asked.resource as { type: string; id: string };
  return `${type.toLowerCase()} \`${shown(id)}\``;
}

/** An expression with what its members are in this question. */
function quoted({ expression }: Piece, asked: Asked): string {
  const told = members(expression).flatMap((path) => {
    const value = valueAt(path, asked);
    return value === undefined ? [] : [`\`${path.join('.')}\` is ${value}`];
  });
  const values = told.length === 0 ? '' : ` (${[...new Set(told)].join(', ')})`;
  return `\`${shown(textOfExpression(expression))}\`${values}`;
}

/** The members of `context` and `principal` that an expression speaks of, as paths. */
function members(node: unknown): readonly (readonly string[])[] {
  if (typeof node !== 'object' || node === null) return [];
  const path = pathOf(node);
  return path !== null && path.length > 1 ? [path] : Object.values(node).flatMap(members);
}

function pathOf(node: unknown): readonly string[] | null {
  if (typeof node !== 'object' || node === null) return null;
  const { Var, '.': member } = node as { Var?: string; '.'?: { left: unknown; attr: string } };
  if (Var === 'context' || Var === 'principal') return [Var];
  const left = member === undefined ? null : pathOf(member.left);
  return left === null || member === undefined ? null : [...left, member.attr];
}

function valueAt([root, ...path]: readonly string[], asked: Asked): string | undefined {
  let value: unknown = root === 'context' ? asked.context : attributes(asked);
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  const entity = entityIn({ Value: value } as Expr);
  return entity === null ? shown(JSON.stringify(value)) : `${entity.type} ${shown(entity.id)}`;
}

function attributes({ principal, entities }: Asked): Record<string, CedarValueJson> {
  const id = (principal as { id?: string }).id;
  const found = entities.find(({ uid }) => (uid as { id?: string }).id === id);
  return found?.attrs ?? {};
}

function agentName(asked: Asked): string {
  const { name } = attributes(asked);
  return typeof name === 'string' ? shown(name) : 'unknown';
}

function entityIn(expression: Expr | undefined): { type: string; id: string } | null {
  const value = (expression as { Value?: { __entity?: { type: string; id: string } } } | undefined)
    ?.Value;
  return value?.__entity ?? null;
}

// Names come from outside: short, and without what could forge a line.
function shown(text: string): string {
  const printed = text.replaceAll(/[^\x20-\x5f\x61-\x7e]/g, '?');
  return printed.length > 200 ? `${printed.slice(0, 200)}…` : printed;
}
