import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Decision, GatehouseError, type Principal } from '../kernel/index.ts';
import type { Estimate, Reservation } from './budget.ts';
import type { Dialect, RequestFacts, WireError } from './dialects/index.ts';
import type { GatewayParts } from './parts.ts';
import type { PinnedModel } from './pinned-model.ts';

/** One call under way: who, what and how it goes. Lives as long as its connection. */
export interface Exchange {
  readonly trace: string;
  readonly parent: string | null;
  readonly begun: number;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly dialect: Dialect;
  /**
   * Aborted when the client has gone, the record fails or the caller is stopped: then upstream stops
   * too. The reason is a GatehouseError if there is one to tell.
   */
  readonly gone: AbortController;
}

/** A call that was let in: everything that its answer needs. */
export interface Admitted extends Exchange {
  readonly principal: Principal;
  readonly facts: RequestFacts;
  readonly model: PinnedModel;
  readonly owner: string;
  readonly inbound: Decision;
  readonly reservation: Reservation;
  readonly estimate: Estimate;
}

/** What became of a call, for its summary. */
export interface Outcome {
  readonly status: number;
  readonly ended: 'complete' | 'refused' | 'denied' | 'cut' | 'cancelled' | 'failed';
}

/** Why a call must end that nothing else ended: its caller was stopped, or the record is away. */
export function stopOf({ gone }: Exchange): GatehouseError | null {
  const why: unknown = gone.signal.reason;
  return why instanceof GatehouseError ? why : null;
}

/** True if the caller was let in with its request for log-probabilities. */
export function mayEcho({ facts, inbound }: Admitted): boolean {
  return facts.features.includes('logprobs') && inbound.verdict.drops.length === 0;
}

const isLimit: ReadonlySet<string> = new Set(['policy.quota', 'policy.rate']);

/** Text that came out of a decision that did not pass, for the caller. Holds no content. */
export function refusalOf(decision: Pick<Decision, 'verdict' | 'findings'>): GatehouseError {
  const { level } = decision.verdict;
  const blocking = decision.findings.filter((one) => one.mode === 'enforce' && one.level === level);
  const reasons = [...new Set(blocking.map(({ control, reason }) => `${control}: ${reason}`))];
  const text = reasons.slice(0, 3).join('; ') || 'no control allowed it';
  if (level === 'hold') {
    return new GatehouseError('held', `held until a person decides (${text})`);
  }
  // Clients know 429 as what may pass later; but only where nothing else stands against it.
  const later = blocking.length > 0 && blocking.every(({ control }) => isLimit.has(control));
  if (later) return new GatehouseError('over_limit', `over a limit (${text})`);
  return new GatehouseError('refused', `refused by policy (${text})`);
}

/** An error as the protocol's writers take it. */
export function wireError(parts: GatewayParts, trace: string, error: GatehouseError): WireError {
  const { code, message, status } = error;
  return { code, status, message, trace, link: parts.traceLink(trace) };
}
