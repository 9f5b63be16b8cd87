import type { PolicyJson, StatefulAuthorizationCall } from '@cedar-policy/cedar-wasm/nodejs';
import {
  CedarError,
  type Entity,
  type Operators,
  operators,
  type Value,
  valueFrom,
  type World,
} from './oracle-operators.ts';

// A second Cedar, written from the language's specification (docs.cedarpolicy.com, "Policy syntax"
// and "Authorization"; Cutler et al., OOPSLA 2024), to hold the one we ship against. Slow and plain.

/** What a set says of a request: who decided, and which policies failed. Ids in order. */
export interface Said {
  readonly decision: 'allow' | 'deny';
  readonly ids: readonly string[];
  readonly errors: readonly string[];
}

type Node = Record<string, unknown>;
type Request = Pick<
  StatefulAuthorizationCall,
  'principal' | 'action' | 'resource' | 'context' | 'entities'
>;

/** Authorizes: a policy that fails is left out and told, a `forbid` beats every `permit`. */
export function authorize(
  policies: ReadonlyMap<string, PolicyJson>,
  request: Request,
  table: Operators = operators,
): Said {
  const evaluation = new Evaluation(request, table);
  const met: Record<'permit' | 'forbid', string[]> = { permit: [], forbid: [] };
  const errors: string[] = [];
  for (const [id, policy] of policies) {
    try {
      if (evaluation.meets(policy)) met[policy.effect].push(id);
    } catch (thrown) {
      if (!(thrown instanceof CedarError)) throw thrown;
      errors.push(id);
    }
  }
  const allowed = met.forbid.length === 0 && met.permit.length > 0;
  const ids = met.forbid.length > 0 ? met.forbid : met.permit;
  return { decision: allowed ? 'allow' : 'deny', ids: ids.sort(), errors: errors.sort() };
}

class Evaluation {
  readonly #vars: Record<string, Value>;
  readonly #world: World;
  readonly #table: Operators;

  constructor({ principal, action, resource, context, entities }: Request, table: Operators) {
    this.#table = table;
    this.#vars = {
      principal: entity(principal),
      action: entity(action),
      resource: entity(resource),
      context: valueFrom(context),
    };
    const known = entities.map(({ uid, attrs, parents }) => {
      const record = valueFrom(attrs);
      return { uid: entity(uid), attrs: record, parents: parents.map(entity) };
    });
    this.#world = (uid) => {
      const one = known.find((two) => two.uid.type === uid.type && two.uid.id === uid.id);
      return one ?? null;
    };
  }

  meets({ principal, action, resource, conditions }: PolicyJson): boolean {
    return (
      this.#scoped(this.#vars['principal'] as Value, principal as Node) &&
      this.#scoped(this.#vars['action'] as Value, action as Node) &&
      this.#scoped(this.#vars['resource'] as Value, resource as Node) &&
      conditions.every(({ kind, body }) => this.#bool(body as Node) === (kind === 'when'))
    );
  }

  #scoped(one: Value, constraint: Node): boolean {
    const within = (node: Node): boolean => {
      const named = (node['entities'] as unknown[] | undefined) ?? [node['entity']];
      return named.some((other) => this.#binary('in', one, entity(other)) === true);
    };
    switch (constraint['op']) {
      case 'All':
        return true;
      case '==':
        return this.#binary('==', one, entity(constraint['entity'])) === true;
      case 'in':
        return within(constraint);
      default: {
        const { type } = one as Entity;
        const below = constraint['in'] as Node | undefined;
        return type === constraint['entity_type'] && (below === undefined || within(below));
      }
    }
  }

  #bool(node: Node): boolean {
    const value = this.#eval(node);
    if (typeof value !== 'boolean') throw new CedarError('a truth value is needed');
    return value;
  }

  #binary(name: string, left: Value, right: Value): Value {
    const operator = this.#table[name];
    if (operator === undefined) throw new TypeError(`no operator ${name}`);
    return operator(left, right, this.#world);
  }

  #eval(node: Node): Value {
    const [name, of] = Object.entries(node)[0] as [string, Node];
    const sub = (key: string) => this.#eval(of[key] as Node);
    switch (name) {
      case 'Value':
        return valueFrom(of);
      case 'Var':
        return this.#vars[of as unknown as string] as Value;
      case 'Set':
        return { set: (of as unknown as Node[]).map((one) => this.#eval(one)) };
      case 'Record':
        return {
          record: new Map(Object.entries(of).map(([key, one]) => [key, this.#eval(one as Node)])),
        };
      case '&&':
        return this.#bool(of['left'] as Node) && this.#bool(of['right'] as Node);
      case '||':
        return this.#bool(of['left'] as Node) || this.#bool(of['right'] as Node);
      case 'if-then-else':
        return this.#bool(of['if'] as Node) ? sub('then') : sub('else');
      case 'is':
        return this.#is(of);
      case '.':
        return this.#binary('.', sub('left'), of['attr'] as string);
      case 'has':
        return this.#has(sub('left'), of['attr'] as string | string[]);
      case 'like':
        return this.#binary('like', sub('left'), pattern(of['pattern'] as unknown[]));
      case '!':
      case 'neg':
      case 'isEmpty':
        return this.#binary(name, sub('arg'), false);
      default:
        return this.#binary(name, sub('left'), sub('right'));
    }
  }

  #is(of: Node): Value {
    const one = this.#eval(of['left'] as Node);
    if (typeof one !== 'object' || !('type' in one)) throw new CedarError('an entity is needed');
    if (one.type !== of['entity_type']) return false;
    return of['in'] === undefined || this.#binary('in', one, this.#eval(of['in'] as Node));
  }

  #has(one: Value, attr: string | readonly string[]): Value {
    const [first, ...rest] = typeof attr === 'string' ? [attr] : attr;
    const there = this.#binary('has', one, first as string);
    if (there !== true || rest.length === 0) return there;
    return this.#has(this.#binary('.', one, first as string), rest);
  }
}

function entity(json: unknown): Entity {
  const node = json as { __entity?: Entity } & Entity;
  const { type, id } = node.__entity ?? node;
  return { type, id };
}

// A pattern as one value: what stands between the wildcards.
function pattern(elements: readonly unknown[]): Value {
  return {
    set: elements.map((one) => (one === 'Wildcard' ? false : (one as { Literal: string }).Literal)),
  };
}
