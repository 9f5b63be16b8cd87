import type { Opinion } from '../../kernel/index.ts';
import type { Put } from './question-put.ts';
import type { RecordedCall, Was } from './recorded.ts';

/** Decisions of the past that would go another way, of one kind. Times are Unix milliseconds. */
export interface Difference {
  /** The agent's name. */
  readonly agent: string;
  readonly action: string;
  readonly resource: string;
  readonly was: 'allow' | 'deny';
  readonly wouldBe: 'allow' | 'deny';
  /** The policies that decided then, and those that would; null where nobody can say. */
  readonly before: readonly string[] | null;
  readonly after: readonly string[];
  /** What the set in force says of it today; null where the record says too little for that set. */
  readonly inForce: 'allow' | 'deny' | null;
  readonly count: number;
  readonly first: number;
  readonly last: number;
  /** One of them, the latest. */
  readonly trace: string;
}

type Growing = { -readonly [Name in keyof Difference]: Difference[Name] };

// Names of resources come from callers: nobody may fill the memory with them.
const mostGroups = 5_000;

/** Gathers differences of one kind. */
export class Differences {
  readonly #groups = new Map<string, Growing>();
  /** How many there are, those that found no group too. */
  total = 0;

  add(call: RecordedCall, put: Put, was: Was, candidate: Opinion, inForce: Opinion | null): void {
    this.total += 1;
    const { action, subject } = put;
    const place = { agent: subject.principal.name, action, resource: subject.resource.id };
    const decided = {
      was: was.level,
      wouldBe: levelOf(candidate),
      before: was.policies ?? policiesOf(call, was, inForce),
      after: idsOf(candidate),
      inForce: inForce === null ? null : levelOf(inForce),
    };
    const key = JSON.stringify([place, decided]);
    const { at, trace } = call;
    const known = this.#groups.get(key);
    if (known !== undefined) {
      known.count += 1;
      known.first = Math.min(known.first, at);
      if (at >= known.last) Object.assign(known, { last: at, trace });
    } else if (this.#groups.size < mostGroups) {
      this.#groups.set(key, { ...place, ...decided, count: 1, first: at, last: at, trace });
    }
  }

  /** The largest first. */
  groups(): readonly Difference[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count || b.last - a.last);
  }
}

/** What a policy decided. */
export function levelOf({ level }: Opinion): 'allow' | 'deny' {
  return level === 'allow' ? 'allow' : 'deny';
}

/** The ids that decided. */
export function idsOf({ evidence }: Opinion): readonly string[] {
  return (evidence?.['policies'] ?? []) as readonly string[];
}

// The record does not name the permits of what passed; the same set names the same ones.
function policiesOf(call: RecordedCall, was: Was, inForce: Opinion | null): Difference['before'] {
  if (inForce === null || inForce.evidence?.['policySet'] !== call.set) return null;
  return levelOf(inForce) === was.level ? idsOf(inForce) : null;
}
