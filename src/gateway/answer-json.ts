import {
  act,
  type Decision,
  decide,
  GatehouseError,
  type Json,
  type JsonObject,
  partsOf,
} from '../kernel/index.ts';
import type { Answer } from '../upstream/index.ts';
import { type Spent, spentOn } from './budget.ts';
import { type Admitted, mayEcho, type Outcome, refusalOf, stopOf } from './exchange.ts';
import { mostDepth, nesting } from './nesting.ts';
import { recordNoAnswer } from './no-answer.ts';
import { answerFacts, outputSubject } from './output.ts';
import type { GatewayParts } from './parts.ts';

/** Judges an answer that came whole, writes it down, and only then lets it go to the caller. */
export async function answerJson(
  parts: GatewayParts,
  call: Admitted,
  answer: Answer,
): Promise<Outcome & { readonly decision: Decision; readonly usage: JsonObject | null }> {
  const { bytes, content, texts } = await read(call, answer).catch(async (thrown: unknown) => {
    // An answer came, whole or not, that cannot be read: what it cost is not known.
    const charged = answer.status < 400 && call.dialect.costs;
    const { output } = call.estimate;
    const spent: Spent = charged ? { kind: 'unknown', output } : { kind: 'none' };
    await recordNoAnswer(parts, call, thrown, spent);
    throw thrown;
  });
  const usage = call.dialect.usage(content);
  const spent = spentOn(call.dialect, { status: answer.status, usage }, true, bytes.length);
  const judged = outputSubject(call, content, texts);
  const decision = await decide(parts.checkpoint, [judged], {
    follows: call.inbound,
    bodies: [{ role: 'output', owner: call.owner, bytes }],
    settles: call.reservation.settle(spent),
    facts: answerFacts(parts, call, answer, 'complete', usage as Json, spent),
  });
  if (decision.permit === null) {
    await durable(decision);
    throw refusalOf(decision);
  }
  await act(decision.permit, judged, (passed) => {
    // While the record was being written the caller may have been stopped.
    const stopped = stopOf(call);
    if (stopped !== null) throw stopped;
    // What a mask takes away does not stand beside it token by token.
    const whole = passed.content as JsonObject;
    const told =
      passed.masks.length === 0 && mayEcho(call) ? whole : call.dialect.withoutEchoes(whole);
    const body = JSON.stringify(told);
    call.response.writeHead(answer.status, {
      ...answer.headers,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    call.response.end(body);
  });
  return { status: answer.status, ended: 'complete', decision, usage: usage as JsonObject | null };
}

/** A refusal is told only when it is on the record, like everything else. */
export async function durable(decision: Decision): Promise<void> {
  try {
    await decision.recorded;
  } catch (cause) {
    const message = 'the record cannot be written, so nothing passes; try again later';
    throw new GatehouseError('record_unavailable', message, { cause });
  }
}

async function read({ dialect }: Admitted, answer: Answer) {
  const bytes = await answer.whole();
  const content = parsed(bytes, answer);
  try {
    return { bytes, content, texts: partsOf(content, dialect.roleOut, dialect.vocabulary) };
  } catch (thrown) {
    // Too much to judge is the upstream's doing here, not the caller's.
    const why = thrown instanceof GatehouseError ? thrown.message : 'it cannot be judged';
    throw new GatehouseError('upstream_failed', `the answer of ${whose(answer)}: ${why}`);
  }
}

function parsed(bytes: Buffer, answer: Answer): JsonObject {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const value: unknown = nesting(text) > mostDepth ? null : JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as JsonObject;
    }
  } catch {
    // Said below: what is no JSON object cannot be judged as one.
  }
  const what = `with no JSON object of at most ${mostDepth} levels; see its own log`;
  throw new GatehouseError('upstream_failed', `${whose(answer)} answered ${answer.status} ${what}`);
}

function whose({ upstream }: Answer): string {
  return `upstream \`${upstream}\``;
}
