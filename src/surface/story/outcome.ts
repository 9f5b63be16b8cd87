import { passes } from '../../kernel/index.ts';
import type { Outcome } from '../contract/index.ts';
import { type DecisionEntry, textIn } from './decision-entry.ts';
import { isGrant } from './grant.ts';

/** The decisions of one call, in the order of the log. */
export interface Call {
  /** The decision that let the call in, or did not: of a fallback, the last one. */
  readonly inbound: DecisionEntry | null;
  /** Decisions for versions whose upstreams were away, before the call fell back. */
  readonly earlier: readonly DecisionEntry[];
  readonly output: DecisionEntry | null;
  readonly actions: readonly DecisionEntry[];
}

/** Sorts a trace's decisions into the moments of a call. */
export function callOf(decisions: readonly DecisionEntry[]): Call {
  const at = (...wanted: string[]) =>
    decisions.filter(({ stages }) => stages.some((stage) => wanted.includes(stage)));
  const inbounds = at('enter', 'input', 'model');
  return {
    inbound: inbounds.at(-1) ?? null,
    earlier: inbounds.slice(0, -1),
    output: at('output').at(-1) ?? null,
    actions: at('action'),
  };
}

/** What became of a call, from its decisions alone. */
export function outcomeOf({ inbound, output, actions }: Call): Outcome {
  const opening = inbound ?? actions[0] ?? null;
  if (opening !== null && !passes(opening.level))
    return opening.level === 'hold' ? 'held' : 'refused';
  if (output === null) {
    const whole = inbound === null ? actions.length > 0 : isGrant(inbound);
    return whole ? 'released' : 'open';
  }
  const ended = textIn(output.facts, 'ended');
  // Who is stopped is cut off by us, whatever the end of the connection looks like.
  if (ended !== 'complete' && textIn(output.facts, 'error') === 'revoked') return 'revoked';
  if (ended === 'cut' || ended === 'cancelled' || ended === 'failed') return ended;
  if (output.level === 'hold') return 'held';
  if (!passes(output.level) || ended === 'denied' || ended === 'refused') return 'withheld';
  return 'released';
}
