import { type Level, passes, stricter } from '../../kernel/index.ts';
import type { LogEntry } from '../../ledger/index.ts';
import type { Block, TraceSummary } from '../contract/index.ts';
import { type DecisionEntry, decisionEntry, numberIn, textIn } from './decision-entry.ts';
import { type Call, callOf, outcomeOf } from './outcome.ts';
import { pathOf } from './path.ts';
import { sentence, type Telling } from './sentence.ts';

/** A trace told from its entries: a line for lists, with the sentence, and the path of blocks. */
export interface TraceStory {
  readonly summary: TraceSummary;
  readonly path: readonly Block[];
}

/**
 * Tells a trace from its entries alone (in the order of the log), or null if none is a decision.
 * Pure: the same entries tell the same story. Every fact is optional; what is missing is said to be.
 */
export function traceStory(entries: readonly LogEntry[], telling: Telling = {}): TraceStory | null {
  const decisions = entries.map(decisionEntry).filter((one) => one !== null);
  const [first] = decisions;
  if (first === undefined) return null;
  const call = callOf(decisions);
  return { summary: summaryOf(first, call, telling), path: pathOf(call) };
}

function summaryOf(first: DecisionEntry, call: Call, telling: Telling): TraceSummary {
  const { output } = call;
  const opening = call.earlier[0] ?? call.inbound ?? first;
  const { principal, facts, resource } = opening;
  return {
    trace: first.trace,
    at: first.at,
    agent: textIn(principal, 'name') || textIn(principal, 'id'),
    owner: textIn(principal, 'owner'),
    asked: textIn(facts, 'asked') || textIn(resource, 'id'),
    served: servedBy(call),
    protocol: textIn(facts, 'protocol'),
    stream: facts['stream'] === true,
    level: levelOf(call),
    outcome: outcomeOf(call),
    ms: output === null ? null : numberIn(output.facts, 'ms'),
    story: sentence(call, telling),
    index: first.index,
  };
}

function servedBy({ inbound, output }: Call): string | null {
  if (inbound !== null && !passes(inbound.level)) return null;
  const route = inbound === null ? '' : textIn(inbound.facts, 'route');
  return route || (output === null ? '' : textIn(output.facts, 'served')) || null;
}

function levelOf({ inbound, earlier, output, actions }: Call): Level {
  const all = [inbound, ...earlier, output, ...actions].filter((one) => one !== null);
  return all.reduce<Level>((level, one) => stricter(level, one.level), 'allow');
}
