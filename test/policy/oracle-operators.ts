/** An entity's name. */
export interface Entity {
  readonly type: string;
  readonly id: string;
}

/** What an expression comes to. Whole numbers are `bigint`s. */
export type Value =
  | boolean
  | bigint
  | string
  | Entity
  | { readonly set: readonly Value[] }
  | { readonly record: ReadonlyMap<string, Value> };

/** What is known of an entity, or null. */
export type World = (
  uid: Entity,
) => { readonly attrs: Value; readonly parents: readonly Entity[] } | null;

export type Operator = (left: Value, right: Value, world: World) => Value;
export type Operators = Readonly<Record<string, Operator>>;

/** An evaluation that fails as the language says it does. */
export class CedarError extends Error {}

/** A value of Cedar's JSON format. */
export function valueFrom(json: unknown): Value {
  if (typeof json === 'number' || typeof json === 'bigint') return BigInt(json);
  if (typeof json === 'string' || typeof json === 'boolean') return json;
  if (Array.isArray(json)) return { set: json.map(valueFrom) };
  const object = json as Record<string, unknown>;
  if ('__entity' in object) return object['__entity'] as Entity;
  return { record: new Map(Object.entries(object).map(([key, one]) => [key, valueFrom(one)])) };
}

const most = 2n ** 63n;

function long(value: Value): bigint {
  if (typeof value === 'bigint') return value;
  throw new CedarError('a whole number is needed');
}

function inRange(value: bigint): bigint {
  if (value >= -most && value < most) return value;
  throw new CedarError('overflow');
}

function set(value: Value): readonly Value[] {
  if (typeof value === 'object' && 'set' in value) return value.set;
  throw new CedarError('a set is needed');
}

function entity(value: Value): Entity {
  if (typeof value === 'object' && 'type' in value) return value;
  throw new CedarError('an entity is needed');
}

function bool(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  throw new CedarError('a truth value is needed');
}

/** Values of different types are never equal; sets are equal whatever their order. */
export function equal(a: Value, b: Value): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  if ('set' in a) {
    return 'set' in b && a.set.every((x) => holds(b.set, x)) && b.set.every((x) => holds(a.set, x));
  }
  if ('record' in a) {
    if (!('record' in b) || a.record.size !== b.record.size) return false;
    return [...a.record].every(([key, one]) => {
      const other = b.record.get(key);
      return other !== undefined && equal(one, other);
    });
  }
  return 'type' in b && a.type === b.type && a.id === b.id;
}

function holds(values: readonly Value[], one: Value): boolean {
  return values.some((other) => equal(one, other));
}

function below(one: Entity, other: Entity, world: World): boolean {
  if (equal(one, other)) return true;
  return (world(one)?.parents ?? []).some((parent) => below(parent, other, world));
}

function attributes(value: Value, world: World): ReadonlyMap<string, Value> | null {
  if (typeof value === 'object' && 'record' in value) return value.record;
  const attrs = world(entity(value))?.attrs ?? null;
  return attrs === null ? null : (attrs as { record: ReadonlyMap<string, Value> }).record;
}

function like(text: string, [head, ...rest]: readonly Value[]): boolean {
  if (head === undefined) return text === '';
  if (head === false) {
    for (let i = 0; i <= text.length; i++) if (like(text.slice(i), rest)) return true;
    return false;
  }
  return text.startsWith(head as string) && like(text.slice((head as string).length), rest);
}

/** Every operator that takes its operands' values; those of one operand ignore the second. */
export const operators: Operators = {
  '==': equal,
  '!=': (a, b) => !equal(a, b),
  '<': (a, b) => long(a) < long(b),
  '<=': (a, b) => long(a) <= long(b),
  '>': (a, b) => long(a) > long(b),
  '>=': (a, b) => long(a) >= long(b),
  '+': (a, b) => inRange(long(a) + long(b)),
  '-': (a, b) => inRange(long(a) - long(b)),
  '*': (a, b) => inRange(long(a) * long(b)),
  neg: (a) => inRange(-long(a)),
  '!': (a) => !bool(a),
  isEmpty: (a) => set(a).length === 0,
  contains: (a, b) => holds(set(a), b),
  containsAll: (a, b) => [set(a), set(b)].length === 2 && set(b).every((one) => holds(set(a), one)),
  containsAny: (a, b) => [set(a), set(b)].length === 2 && set(b).some((one) => holds(set(a), one)),
  in: (a, b, world) => {
    const one = entity(a);
    const others = typeof b === 'object' && 'set' in b ? b.set.map(entity) : [entity(b)];
    return others.some((other) => below(one, other, world));
  },
  has: (a, name, world) => attributes(a, world)?.has(name as string) ?? false,
  '.': (a, name, world) => {
    const found = attributes(a, world)?.get(name as string);
    if (found === undefined) throw new CedarError('no such attribute');
    return found;
  },
  like: (a, parts) => {
    if (typeof a !== 'string') throw new CedarError('a text is needed');
    return like(a, set(parts));
  },
};
