import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';

/** What a policy can see that changes from call to call, or from hour to hour. */
export const changing = ['cost', 'tokens', 'time'] as const;
export type Changing = (typeof changing)[number];

/** Something that policies speak of; `group:NAME` is a group of models. */
export type Mention = Changing | `group:${string}`;

/** What the policies of a set speak of. What none does is kept from all of them. */
export type Mentions = ReadonlySet<Mention>;

/**
 * What a policy speaks of, by its parsed form: `context.cost`, `context["cost"]`, `context has cost`,
 * `ModelGroup::"general"`.
 *
 * INVARIANT: never too little. Any member of that name counts, whatever it is a member of, and a
 * `context` that is not at once asked for a member counts as all of it. No expression yields a group
 * but one that names it: the schema has no attribute that holds one.
 */
export function mentionsOf(policy: PolicyJson): Mentions {
  const found = new Set<Mention>();
  const { principal, resource, conditions } = policy;
  const open: unknown[] = [principal, resource, ...conditions.map(({ body }) => body)];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    const node = next as Record<string, unknown>;
    const { type, id } = node;
    if (type === 'ModelGroup' && typeof id === 'string') found.add(`group:${id}`);
    if (node['Var'] === 'context') for (const one of changing) found.add(one);
    const asked = namesIn(node['attr']);
    for (const one of changing) if (asked.includes(one)) found.add(one);
    for (const [name, value] of Object.entries(node)) {
      // A member of `context`: its name says which, so that `context` is not one more.
      if (!(name === 'left' && asked.length > 0 && isContext(value))) open.push(value);
    }
  }
  return found;
}

// In a record that a policy writes, `attr` could be a member of its own, which holds an expression.
function namesIn(attr: unknown): readonly unknown[] {
  if (typeof attr === 'string') return [attr];
  return Array.isArray(attr) ? attr : [];
}

function isContext(value: unknown): boolean {
  return (value as Record<string, unknown> | null)?.['Var'] === 'context';
}
