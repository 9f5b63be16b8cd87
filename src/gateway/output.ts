import { type Json, type JsonObject, type Subject, subject } from '../kernel/index.ts';
import type { Answer } from '../upstream/index.ts';
import { chargeFacts, type Spent } from './budget.ts';
import type { Admitted, Outcome } from './exchange.ts';
import type { GatewayParts } from './parts.ts';

/** The output subject of a call, for a content; a stream's has none. */
export function outputSubject(call: Admitted, content: Json, parts: Subject['parts']): Subject {
  return subject({
    stage: 'output',
    trace: call.trace,
    step: 1,
    principal: call.principal,
    resource: { type: 'model', id: call.model.id },
    context: { protocol: call.dialect.id, stream: call.facts.stream },
    measures: {},
    content,
    names: call.dialect.vocabulary,
    parts,
  });
}

/** Facts of the answer that every output entry holds. */
export function answerFacts(
  { budgets, clock }: Pick<GatewayParts, 'budgets' | 'clock'>,
  call: Admitted,
  answer: Answer,
  ended: Outcome['ended'],
  usage: Json,
  spent: Spent,
): JsonObject {
  return {
    protocol: call.dialect.id,
    stream: call.facts.stream,
    asked: call.facts.model,
    route: call.model.id,
    upstream: answer.upstream,
    served: answer.model,
    attempts: answer.attempts.map((attempt) => ({ ...attempt })),
    status: answer.status,
    ended,
    usage,
    ...chargeFacts(budgets, call, spent),
    ms: Math.round(clock.now() - call.begun),
  };
}
