import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';

/**
 * The names that policies speak of: of attributes (`cost`) and of entities (`general`, of
 * `ModelGroup::"general"`). What none speaks of is kept from all of them.
 */
export type Mentions = Pick<ReadonlySet<string>, 'has'>;

/** Nothing is kept back. */
export const everything: Mentions = { has: () => true };

/** The members of each record that the schema knows. */
const records: Readonly<Record<string, readonly string[]>> = {
  context: [
    ...['protocol', 'caller', 'time', 'kind', 'labels'],
    ...['stream', 'asked', 'features', 'tokens', 'cost'],
  ],
  caller: ['credential', 'bound', 'scoped', 'scopes', 'delegated', 'depth', 'actors'],
  time: ['hour', 'weekday'],
};

/**
 * What a policy speaks of, by its parsed form: `context.cost`, `principal["risk"]`,
 * `context has caller.bound`, `ModelGroup::"general"`.
 *
 * INVARIANT: never too little. Anything of that name counts, whatever it is or is a member of, and a
 * record that is not at once asked for a member counts as all of it. No expression yields an entity
 * that it does not name, but for the caller, what is asked for, and members of the caller.
 */
export function mentionsOf(policy: PolicyJson): ReadonlySet<string> {
  const found = new Set<string>();
  const { principal, resource, conditions } = policy;
  const open: unknown[] = [principal, resource, ...conditions.map(({ body }) => body)];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    const node = next as Record<string, unknown>;
    addMembers(recordIn(node), found);
    const asked = namesIn(node['attr']);
    for (const name of [...asked, ...namesIn(node['id'])]) found.add(name);
    for (const [name, value] of Object.entries(node)) {
      // A record that is asked for a member: not all of it, so its insides come next, not itself.
      const member = name === 'left' && asked.length > 0 && recordIn(value) !== null;
      open.push(...(member ? Object.values(value as object) : [value]));
    }
  }
  return found;
}

function addMembers(record: string | null, found: Set<string>): void {
  for (const name of (record !== null && records[record]) || []) {
    found.add(name);
    addMembers(name, found);
  }
}

/** The name of the record that an expression yields, if it is one of those that are known. */
function recordIn(expression: unknown): string | null {
  if (typeof expression !== 'object' || expression === null) return null;
  const node = expression as Record<string, unknown>;
  const name = node['Var'] ?? (node['.'] as Record<string, unknown> | undefined)?.['attr'];
  return typeof name === 'string' && Object.hasOwn(records, name) ? name : null;
}

// In a record that a policy writes, `attr` and `id` could be members of its own, which hold an
// expression.
function namesIn(member: unknown): readonly string[] {
  const names = Array.isArray(member) ? member : [member];
  return names.filter((name) => typeof name === 'string');
}
