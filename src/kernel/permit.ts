import type { Recorded } from './record.ts';
import type { Subject } from './subject.ts';
import type { Verdict } from './verdict.ts';

/** What a permit stands for. Known to this room alone. */
export interface Grant {
  readonly subjects: readonly Subject[];
  readonly verdict: Verdict;
  /** Resolves when every decision that the permit rests on is durable. */
  readonly recorded: Promise<Recorded>;
  /** The effect may start before the record is durable (a model call, never an action or a release). */
  readonly early: boolean;
}

const grants = new WeakMap<Permit, Grant>();

/**
 * The right to act once on subjects that were judged. It says nothing and can do nothing by itself:
 * only `act()` can spend it, and only in the process that minted it.
 *
 * INVARIANT: an object that `mint` did not make has no grant, however it was constructed.
 */
export class Permit {
  /** Makes the type nominal: nothing of the same shape is a permit. */
  declare protected readonly brand: 'permit';

  private constructor() {
    Object.freeze(this);
  }

  /** Door for this room only; the kernel's index does not lead here. */
  static mint(key: typeof mintKey, grant: Grant): Permit {
    if (key !== mintKey) throw new TypeError('a permit is minted by decide() alone');
    const permit = new Permit();
    grants.set(permit, grant);
    return permit;
  }
}

const mintKey = Symbol('mint');

export function mint(grant: Grant): Permit {
  return Permit.mint(mintKey, grant);
}

/** Takes the grant out of the permit. A second call finds none. */
export function spend(permit: Permit): Grant | 'spent' | 'forged' {
  const grant = grants.get(permit);
  if (grant === undefined) return spent.has(permit) ? 'spent' : 'forged';
  grants.delete(permit);
  spent.add(permit);
  return grant;
}

const spent = new WeakSet<Permit>();
