import type { Actor } from '../kernel/index.ts';

const deepest = 8;

/** True for a name of 1 to 200 code units that the record can hold as it is. */
export function isRecordable(name: string): boolean {
  return name !== '' && name.length <= 200 && name.isWellFormed() && !/\p{Cc}/u.test(name);
}

/**
 * The chain behind an agent that acts for another, the nearest first: the hops of the `act` claim
 * (RFC 8693, section 4.1) but for the agent itself, and last the one for whom all of them act.
 * Empty when the agent acts for itself. Null when `act` is malformed or deeper than 8 hops.
 */
export function delegation(act: unknown, sub: string, agent: string): readonly Actor[] | null {
  const actors: Actor[] = [];
  let hop = act;
  for (let depth = 0; hop !== undefined; depth++) {
    if (depth === deepest || typeof hop !== 'object' || hop === null) return null;
    const { sub: id, act: next } = hop as { sub?: unknown; act?: unknown };
    if (typeof id !== 'string' || !isRecordable(id)) return null;
    // The outermost hop is who acts now, which is the agent.
    if (depth > 0 || id !== agent) actors.push({ kind: 'agent', id });
    hop = next;
  }
  if (sub !== agent) actors.push({ kind: 'person', id: sub });
  return Object.freeze(actors);
}
