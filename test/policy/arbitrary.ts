import type { Expr, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import type { Subject } from '../../src/kernel/index.ts';

// Random policies and requests over few names, so that they meet.

const texts = ['a', 'b', 'general', 'agent:a', 'person:b', 'call_model', 'x*y', ''];
const numbers = [-1, 0, 1, 2, 3, 50, 100, 9_007_199_254_740_991, -9_007_199_254_740_991];
const name = fc.constantFrom(...texts);
const uid = (type: string, id: string) => ({ Value: { __entity: { type, id } } }) as Expr;
const groups = ['general', 'a', 'b'];

const literal = {
  text: name.map((one): Expr => ({ Value: one })),
  long: fc.constantFrom(...numbers).map((one): Expr => ({ Value: one })),
  group: fc.constantFrom(...groups).map((id) => uid('ModelGroup', id)),
  tenant: fc.constantFrom('a', 'b').map((id) => uid('Tenant', id)),
};

const variable = (name: 'principal' | 'action' | 'resource' | 'context'): Expr => ({ Var: name });
const member = (left: Expr, attr: string): Expr => ({ '.': { left, attr } });
const ofContext = (attr: string) => member(variable('context'), attr);
const ofCaller = (attr: string) => member(ofContext('caller'), attr);
const ofPrincipal = (attr: string) => member(variable('principal'), attr);

const leaves = {
  bool: [ofContext('stream'), ofCaller('bound'), ofCaller('delegated'), ofCaller('scoped')],
  long: [
    ofPrincipal('risk'),
    ofContext('cost'),
    ofContext('tokens'),
    ofCaller('depth'),
    member(ofContext('time'), 'hour'),
    member(ofContext('time'), 'weekday'),
  ],
  text: [ofPrincipal('name'), ofContext('asked'), ofContext('protocol'), ofCaller('credential')],
  set: [ofContext('features'), ofContext('labels'), ofCaller('actors'), ofCaller('scopes')],
};

// Records that are not at once asked for a member.
const early: Expr = { Record: { hour: { Value: 1 }, weekday: { Value: 1 } } };
const isEarly: Expr = { '==': { left: ofContext('time'), right: early } };
// An entity that no policy names.
const inOwnTenant: Expr = { in: { left: variable('principal'), right: ofPrincipal('tenant') } };
const either = (one: Expr): Arb => chosen(fc.constantFrom(...leaves.bool), fc.constant(one));

type Arb = fc.Arbitrary<Expr>;
const setOf = (elements: Expr[]): Expr => ({ Set: elements });

function binary(operators: readonly string[], left: Arb, right: Arb): Arb {
  return fc
    .tuple(fc.constantFrom(...operators), left, right)
    .map(([operator, a, b]) => ({ [operator]: { left: a, right: b } }) as Expr);
}

function chosen(condition: Arb, one: Arb): Arb {
  return fc.tuple(condition, one, one).map(
    ([test, yes, no]): Expr => ({
      // Cedar's format has a member `then`; written so, it is none that a promise would look for.
      'if-then-else': Object.fromEntries([
        ['if', test],
        ['then', yes],
        ['else', no],
      ]) as never,
    }),
  );
}

const patterns = fc.array(
  fc.oneof(
    fc.constant('Wildcard' as const),
    fc.constantFrom('a', 'g', '*').map((Literal) => ({ Literal })),
  ),
  { minLength: 1, maxLength: 4 },
);

function like(text: Arb): Arb {
  return fc.tuple(text, patterns).map(([left, pattern]): Expr => ({ like: { left, pattern } }));
}

function hierarchy(): Arb {
  const many = (one: Arb) => fc.array(one, { minLength: 1, maxLength: 3 }).map(setOf);
  const within = (left: Expr, right: Arb) =>
    right.map((one): Expr => ({ in: { left, right: one } }));
  return fc.oneof(
    within(variable('resource'), literal.group),
    within(variable('resource'), many(literal.group)),
    within(variable('principal'), literal.tenant),
    within(variable('principal'), many(literal.tenant)),
    literal.tenant.map((one): Expr => ({ '==': { left: ofPrincipal('tenant'), right: one } })),
    literal.group.map(
      (one): Expr => ({ is: { left: variable('resource'), entity_type: 'Model', in: one } }),
    ),
    fc
      .constantFrom('Agent', 'Model')
      .map((type): Expr => ({ is: { left: variable('principal'), entity_type: type } })),
    fc
      .constantFrom(...['cost', 'labels'])
      .map((attr): Expr => ({ has: { left: variable('context'), attr } })),
    fc.constant<Expr>({ has: { left: variable('context'), attr: ['caller', 'bound'] } }),
    within(variable('resource'), fc.constant(uid('Provider', 'a'))),
  );
}

/** Expressions that the schema takes for `call_model`, by type. */
export const typed = fc.letrec<Record<'bool' | 'long' | 'text' | 'set', Expr>>((tie) => {
  const [bool, long, text, set] = [tie('bool'), tie('long'), tie('text'), tie('set')];
  const shallow = { maxDepth: 3, depthSize: 'small' } as const;
  return {
    bool: fc.oneof(
      { ...shallow, withCrossShrink: true },
      fc.constantFrom(...leaves.bool),
      fc.constantFrom(isEarly, inOwnTenant),
      hierarchy(),
      binary(['<', '<=', '>', '>='], long, long),
      binary(['==', '!='], long, long),
      binary(['==', '!='], text, text),
      binary(['==', '!=', 'containsAll', 'containsAny'], set, set),
      binary(['contains'], set, text),
      binary(['&&', '||'], bool, bool),
      like(text),
      set.map((arg): Expr => ({ isEmpty: { arg } })),
      bool.map((arg): Expr => ({ '!': { arg } })),
      chosen(bool, bool),
    ),
    long: fc.oneof(
      shallow,
      fc.constantFrom(...leaves.long),
      literal.long,
      binary(['+', '-', '*'], long, long),
      long.map((arg): Expr => ({ neg: { arg } })),
      chosen(bool, long),
      either(ofContext('caller')).map((caller) => member(caller, 'depth')),
      either(variable('context')).map((context) => member(context, 'tokens')),
      fc.tuple(long, text).map(([a, b]) => member({ Record: { a, b } }, 'a')),
    ),
    text: fc.oneof(shallow, fc.constantFrom(...leaves.text), literal.text, chosen(bool, text)),
    set: fc.oneof(
      shallow,
      fc.constantFrom(...leaves.set),
      fc.array(text, { minLength: 1, maxLength: 3 }).map(setOf),
      chosen(bool, set),
    ),
  };
});

/** Any expressions, of which many fail: operands of the wrong type, members that are not there. */
export const wild = fc.letrec<{ any: Expr }>((tie) => {
  const any = tie('any');
  const operators = '== != < <= > >= + - * && || in contains containsAll containsAny'.split(' ');
  const attr = fc.constantFrom('cost', 'risk', 'caller', 'bound', 'nowhere');
  return {
    any: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.oneof(typed.bool, typed.long, typed.set, literal.group, literal.text),
      fc.constantFrom(...(['principal', 'action', 'resource', 'context'] as const)).map(variable),
      fc.constant<Expr>({ Set: [] }),
      binary(operators, any, any),
      like(any),
      chosen(any, any),
      fc.tuple(any, attr).map(([left, one]) => member(left, one)),
      fc.tuple(any, attr).map(([left, one]): Expr => ({ has: { left, attr: one } })),
      fc
        .tuple(any, literal.group)
        .map(([left, one]): Expr => ({ is: { left, entity_type: 'Model', in: one } })),
      fc
        .constantFrom('!', 'neg', 'isEmpty')
        .chain((operator) => any.map((arg) => ({ [operator]: { arg } }) as Expr)),
      fc.array(any, { maxLength: 3 }).map(setOf),
      fc.tuple(any, any).map(([a, b]): Expr => ({ Record: { a, bound: b } })),
    ),
  };
});

const all = { op: 'All' } as const;

/** A policy whose conditions are of these expressions. */
export function policy(condition: Arb, actions: readonly string[]): fc.Arbitrary<PolicyJson> {
  const scoped = (type: string, ids: readonly string[]) =>
    fc.constantFrom(...ids).map((id) => ({ op: 'in' as const, entity: { type, id } }));
  const agent = { op: 'is', entity_type: 'Agent' } as const;
  return fc.record({
    effect: fc.constantFrom('permit' as const, 'permit' as const, 'forbid' as const),
    principal: fc.oneof(
      fc.constant(all),
      fc.constant(agent),
      scoped('Tenant', ['a', 'b']),
      scoped('Tenant', ['a', 'b']).map(({ entity }) => ({ ...agent, in: { entity } })),
      fc.constant({ op: '==' as const, entity: { type: 'Agent', id: 'a' } }),
    ),
    action: fc.constantFrom(...actions).map((id) => {
      return id === '*' ? all : { op: '==' as const, entity: { type: 'Action', id } };
    }),
    resource: fc.oneof(
      fc.constant(all),
      scoped('ModelGroup', groups),
      fc.constant({ op: '==' as const, entity: { type: 'Model', id: 'a' } }),
      fc.constant({ op: 'is' as const, entity_type: 'Model' }),
    ),
    conditions: fc.array(
      fc.record({ kind: fc.constantFrom('when' as const, 'unless' as const), body: condition }),
      { maxLength: 2 },
    ),
  });
}

const few = fc.uniqueArray(name, { maxLength: 3 });
const count = fc.constantFrom(0, 1, 2, 50, 100, 9_007_199_254_740_991);

/** What the gateway could ask. */
export const asked: fc.Arbitrary<Subject> = fc
  .record({
    stage: fc.constantFrom('enter' as const, 'model' as const, 'model' as const, 'model' as const),
    ids: fc.record({ id: name, name, owner: name, tenant: fc.constantFrom('a', 'b', 'c') }),
    risk: fc.constantFrom(undefined, 0, 1, 50, 100),
    bound: fc.boolean(),
    scopes: fc.option(few, { nil: undefined }),
    actors: fc.array(
      fc.record({ kind: fc.constantFrom('agent' as const, 'person' as const), id: name }),
      { maxLength: 3 },
    ),
    model: name,
    context: fc.record({
      protocol: name,
      stream: fc.boolean(),
      asked: name,
      features: few,
      labels: few,
      groups: fc.uniqueArray(fc.constantFrom(...groups, 'other'), { maxLength: 4 }),
      provider: fc.constantFrom('', 'a'),
      tokens: count,
      cost: count,
    }),
  })
  .map(({ stage, ids, risk, bound, scopes, actors, model, context }) => ({
    stage,
    trace: '0'.repeat(32),
    step: 0,
    principal: {
      kind: 'agent' as const,
      ...ids,
      ...(risk === undefined ? {} : { risk }),
      credential: {
        ...{ kind: 'at+jwt' as const, id: 'c', expires: 0, bound },
        ...(scopes === undefined ? {} : { scopes }),
      },
      actors,
    },
    resource:
      stage === 'enter'
        ? { type: 'gateway' as const, id: 'gateway' }
        : { type: 'model' as const, id: model },
    context,
    measures: {},
    content: null,
    parts: [],
  }));

export const time = fc.record({
  hour: fc.constantFrom(0, 1, 1, 23),
  weekday: fc.constantFrom(1, 1, 2, 7),
});

/** Names that policies could speak of: of attributes, and of entities. */
export const names = [
  ...['protocol', 'caller', 'time', 'kind', 'labels', 'stream', 'asked', 'features', 'tokens'],
  ...['cost', 'credential', 'bound', 'scoped', 'scopes', 'delegated', 'depth', 'actors'],
  ...['hour', 'weekday', 'name', 'owner', 'tenant', 'risk', 'a', 'b', 'c', 'general', 'other'],
];
