import { decide, toGatehouseError } from '../kernel/index.ts';
import { UpstreamError } from '../upstream/index.ts';
import { chargeFacts, type Spent } from './budget.ts';
import { type Admitted, stopOf } from './exchange.ts';
import { outputSubject } from './output.ts';
import type { GatewayParts } from './parts.ts';

/**
 * Puts on the record that a call that was let out brought no answer to judge, and why, so that its
 * trace has an end. Nothing is released: the permit of this decision is left unspent.
 */
export async function recordNoAnswer(
  parts: GatewayParts,
  call: Admitted,
  thrown: unknown,
  spent: Spent,
): Promise<void> {
  const { code } = toGatehouseError(thrown);
  const stopped = stopOf(call);
  const attempts = thrown instanceof UpstreamError ? thrown.attempts : [];
  const decision = await decide(parts.checkpoint, [outputSubject(call, null, [])], {
    follows: call.inbound,
    settles: call.reservation.settle(spent),
    facts: {
      protocol: call.dialect.id,
      stream: call.facts.stream,
      asked: call.facts.model.slice(0, 200),
      route: call.model.id,
      attempts: attempts.map((attempt) => ({ ...attempt })),
      ended: call.response.destroyed ? 'cancelled' : 'failed',
      error: stopped?.code ?? code,
      ...(stopped === null ? {} : { why: stopped.message }),
      ...chargeFacts(parts.budgets, call, spent),
      ms: Math.round(parts.clock.now() - call.begun),
    },
  });
  // Where the record itself is away there is nowhere to say so; the caller is told that.
  await decision.recorded.catch(() => {});
}
