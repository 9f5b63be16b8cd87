import { passes } from '../../kernel/index.ts';
import { asker, proof } from './asker.ts';
import { charged } from './charge.ts';
import { type DecisionEntry, numberIn, objectIn, textIn } from './decision-entry.ts';
import { grantTold, isGrant } from './grant.ts';
import { type Call, outcomeOf } from './outcome.ts';
import { counted, masked, reasons, spanOf } from './words.ts';

/** What the sentence may know beside the record. */
export interface Telling {
  /**
   * When the product that is running now was started (Unix milliseconds). A call without an end
   * that began after it may still be under way; one that began before it was cut by the stop.
   */
  readonly started?: number;
}

/** A call in one sentence: who, for whom, what, through what, and what became of it. */
export function sentence(call: Call, telling: Telling = {}): string {
  const { inbound, output, actions } = call;
  if (inbound === null) {
    const opening = output ?? actions[0];
    if (opening === undefined) return 'no decision of this trace is on record';
    return `${asker(opening)} acted; how it began is not on record`;
  }
  if (isGrant(inbound)) return taken(inbound);
  const clauses = [`${asker(inbound)} ${asked(call.earlier[0] ?? inbound)}`];
  if (call.earlier.length > 0) {
    const away = call.earlier.map(exact).join(', ');
    clauses.push(`${away} was away, so it fell back to ${exact(inbound)}`);
  }
  const result = ending(call, telling);
  if (passes(inbound.level) && inbound.maskCount > 0 && inbound !== output) {
    clauses.push(`${masked(inbound)} ${were(inbound.maskCount)} masked on its way in`);
  }
  // A refusal belongs to the asking: "asked X and was refused".
  if (!passes(inbound.level)) return `${clauses.join('; ')} and ${result}`;
  if (output !== null && output.maskCount > 0 && outcomeOf(call) === 'released') {
    clauses.push(`${masked(output)} ${were(output.maskCount)} masked on its way out`);
  }
  clauses.push(result);
  const charge = output === null ? null : charged(output);
  if (charge !== null) clauses.push(charge);
  if (actions.length > 0) clauses.push(acted(actions));
  return clauses.join('; ');
}

function asked(inbound: DecisionEntry): string {
  const { facts, resource } = inbound;
  const protocol = textIn(facts, 'protocol');
  const by = proof(inbound);
  const through = `${protocol === '' ? '' : ` through ${protocol}`}${by === '' ? '' : ` ${by}`}`;
  if (resource['type'] === 'gateway') return `asked which models there are${through}`;
  const name = textIn(facts, 'asked');
  const version = exact(inbound);
  const alias = name !== '' && name !== version ? ` (as \`${name}\`)` : '';
  return `asked ${version}${alias}${through}`;
}

/** A token is given by the decision itself: nothing follows it. */
function taken(inbound: DecisionEntry): string {
  const token = `a token${grantTold(inbound)}`;
  if (passes(inbound.level)) return `${asker(inbound)} took ${token}`;
  const verb = inbound.level === 'hold' ? 'is held for a person' : 'was refused';
  return `${asker(inbound)} asked for ${token} and ${verb}: ${reasons(inbound)}`;
}

function exact({ facts, resource }: DecisionEntry): string {
  const named = textIn(facts, 'route') || textIn(resource, 'id') || textIn(facts, 'asked');
  return named || 'an unnamed model';
}

function ending(call: Call, telling: Telling): string {
  const { inbound, output } = call;
  switch (outcomeOf(call)) {
    case 'refused':
      return `was refused: ${reasons(inbound as DecisionEntry)}`;
    case 'held':
      return output === null
        ? `is held for a person: ${reasons(inbound as DecisionEntry)}`
        : `the answer is held for a person: ${reasons(output)}`;
    case 'open':
      return unclosed(inbound as DecisionEntry, telling);
    default:
      return answered(output as DecisionEntry, outcomeOf(call));
  }
}

function unclosed(inbound: DecisionEntry, { started }: Telling): string {
  const stream = inbound.facts['stream'] === true;
  if (started !== undefined && Date.parse(inbound.at) >= started) {
    return 'its end is not on record yet: it is under way, or its upstream failed';
  }
  return stream
    ? 'it was never closed: the product stopped while streaming'
    : 'it was never closed: the product stopped, or its upstream failed, before an answer';
}

function answered(output: DecisionEntry, outcome: string): string {
  const { facts } = output;
  const ms = numberIn(facts, 'ms');
  const time = ms === null ? '' : ` in ${spanOf(ms)}`;
  const after = ms === null ? '' : ` after ${spanOf(ms)}`;
  const streamed = facts['stream'] === true ? ' (streamed)' : '';
  const sent = numberIn(objectIn(facts, 'released'), 'bytes');
  const before = sent === null ? '' : `, ${counted(sent, 'byte')} had been released`;
  switch (outcome) {
    case 'withheld':
      return streamed !== '' && sent !== null && sent > 0
        ? `the answer${streamed} was stopped${after}${before}: ${reasons(output)}`
        : `the answer was withheld${after}: ${reasons(output)}`;
    case 'cut':
      return `the answer${streamed} broke off upstream${after}${before}`;
    case 'cancelled':
      return `the caller hung up${after}${before}`;
    case 'revoked':
      return streamed === ''
        ? `the call was cut${after}, ${because(facts)}`
        : `the answer${streamed} was cut in mid-stream${after}, ${because(facts)}${before}`;
    case 'failed':
      return `the answer${streamed} failed${after}${before}`;
    default: {
      const status = numberIn(facts, 'status');
      const error = status !== null && status >= 400 ? ` (upstream status ${status})` : '';
      const how = output.maskCount > 0 ? 'with the rest unchanged' : 'unchanged';
      return `the answer${streamed}${error} was released ${how}${time}`;
    }
  }
}

/** Why a call was stopped, without what the caller is told to do about it. */
function because(facts: DecisionEntry['facts']): string {
  const [why = ''] = textIn(facts, 'why')
    .replace(/^this call was stopped: /, '')
    .split(';');
  return `because ${why || 'its agent or its credential was stopped'}`;
}

function acted(actions: readonly DecisionEntry[]): string {
  const passed = actions.filter(({ level }) => passes(level)).length;
  const stopped = actions.length - passed;
  if (stopped === 0) return `${counted(passed, 'action')} ${were(passed)} let through`;
  return `${counted(passed, 'action')} of ${actions.length} ${were(passed)} let through`;
}

function were(count: number): string {
  return count === 1 ? 'was' : 'were';
}
