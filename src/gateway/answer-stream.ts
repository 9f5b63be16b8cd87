import {
  act,
  type Decision,
  decideStream,
  GatehouseError,
  type Json,
  type JsonObject,
  type StreamDecision,
  toGatehouseError,
} from '../kernel/index.ts';
import type { Answer } from '../upstream/index.ts';
import { durable } from './answer-json.ts';
import { spentOn } from './budget.ts';
import { type Admitted, mayEcho, type Outcome, refusalOf, stopOf, wireError } from './exchange.ts';
import { answerFacts, outputSubject } from './output.ts';
import type { GatewayOptions, GatewayParts } from './parts.ts';
import { Holdback, Padding, SseParser } from './sse/index.ts';
import { Transcript } from './transcript.ts';

type Ended = Outcome['ended'];

/** A stream under way: what came, what is held, what left. */
interface Flow {
  readonly call: Admitted;
  readonly answer: Answer;
  readonly holdback: Holdback;
  readonly stream: StreamDecision;
  readonly came: Transcript;
  readonly left: Transcript;
  refused: GatehouseError | null;
}

/**
 * Judges a streamed answer window by window and releases what is settled, each window on a permit
 * of its own. The last event leaves on the permit of the closing decision, when all is on the
 * record. A denial or a failure ends the stream with the protocol's own error event.
 */
export async function answerStream(
  parts: GatewayParts,
  options: GatewayOptions,
  call: Admitted,
  answer: Answer,
): Promise<Outcome & { readonly decision: Decision; readonly usage: JsonObject | null }> {
  const template = outputSubject(call, null, []);
  const pads = options.padStreams && call.facts.includeObfuscation;
  const flow: Flow = {
    call,
    answer,
    holdback: new Holdback(call.dialect, {
      padding: pads ? new Padding(parts.random) : null,
      limit: options.holdBackChars,
      hideUsage: !call.facts.includeUsage,
      hideEchoes: !mayEcho(call),
    }),
    stream: decideStream(parts.checkpoint, template, call.inbound),
    came: new Transcript(options.answerBytes),
    left: new Transcript(options.answerBytes),
    refused: null,
  };
  const failure = await pump(flow).then(
    () => stopOf(call),
    (thrown: unknown) => stopOf(call) ?? toGatehouseError(thrown),
  );
  if (failure?.code === 'refused' && flow.refused === null) {
    flow.refused = failure;
    flow.stream.refuse('stream_limit', failure.message);
  }
  const ended = endOf(flow, failure);
  // What the upstream still sends is of no more use to anybody.
  if (ended !== 'complete') answer.cancel();
  const { usage } = flow.holdback;
  const { status } = answer;
  const spent = spentOn(call.dialect, { status, usage }, ended === 'complete', flow.came.size);
  const facts = {
    ...answerFacts(parts, call, answer, ended, usage as Json, spent),
    ...stopFacts(call),
  };
  const decision = await flow.stream.close({
    bodies: bodiesOf(flow, ended),
    settles: call.reservation.settle(spent),
    facts: { ...facts, released: { events: flow.left.count, bytes: flow.left.size } },
  });
  await finish(parts, flow, decision, template, ended, failure);
  return { status: 200, ended, decision, usage: usage as JsonObject | null };
}

async function pump(flow: Flow): Promise<void> {
  const parser = new SseParser();
  await flow.answer.each((chunk) => {
    if (flow.refused !== null || flow.holdback.ended !== 'open') return;
    flow.came.add(chunk);
    const events = parser.feed(chunk);
    if (events.length === 0) return;
    for (const event of events) flow.holdback.push(event);
    // Where nothing can be settled yet, judging all that is held again and again would be waste.
    if (flow.stream.waits || !flow.holdback.due) return;
    return window(flow, false);
  });
  if (flow.refused === null) await window(flow, true);
}

/** Judges what is pending and lets go of what is settled. */
async function window(flow: Flow, final: boolean): Promise<void> {
  const pending = flow.holdback.parts();
  const judged = flow.stream.judge(pending, final);
  const one = judged instanceof Promise ? await judged : judged;
  if (one.permit === null) {
    flow.refused = refusalOf(one);
    flow.answer.cancel();
    throw flow.refused;
  }
  const text = flow.holdback.release(one.settled, one.verdict.masks);
  if (text !== '') await act(one.permit, one.subject, () => send(flow, text));
}

async function send({ call, answer, left }: Flow, text: string): Promise<void> {
  const { response, gone } = call;
  if (gone.signal.aborted)
    throw stopOf(call) ?? new GatehouseError('bad_request', 'the client has gone');
  if (!response.headersSent) {
    response.writeHead(200, {
      ...answer.headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
  }
  left.add(text);
  if (!response.write(text)) await drained(call);
}

function drained({ response, gone }: Admitted): Promise<void> {
  return new Promise((resolve) => {
    const on = () => {
      response.off('drain', on);
      gone.signal.removeEventListener('abort', on);
      resolve();
    };
    response.once('drain', on);
    gone.signal.addEventListener('abort', on);
    if (gone.signal.aborted) on();
  });
}

/** Why Gatehouse itself ended the stream, if it did. */
function stopFacts(call: Admitted): JsonObject {
  const stopped = stopOf(call);
  return stopped === null ? {} : { error: stopped.code, why: stopped.message };
}

function endOf(flow: Flow, failure: GatehouseError | null): Ended {
  if (flow.refused !== null) return 'denied';
  if (flow.call.response.destroyed) return 'cancelled';
  if (failure !== null) return 'failed';
  if (flow.holdback.ended === 'failed') return 'failed';
  return flow.holdback.ended === 'complete' ? 'complete' : 'cut';
}

function bodiesOf(flow: Flow, ended: Ended) {
  const { owner } = flow.call;
  const bodies = [{ role: 'output', owner, bytes: flow.came.bytes() }];
  // Where more came than left, the record also says what exactly left.
  if (ended !== 'complete') bodies.push({ role: 'released', owner, bytes: flow.left.bytes() });
  return bodies;
}

async function finish(
  parts: GatewayParts,
  flow: Flow,
  decision: Decision,
  template: ReturnType<typeof outputSubject>,
  ended: Ended,
  failure: GatehouseError | null,
): Promise<void> {
  const { response, trace } = flow.call;
  try {
    if (decision.permit === null || flow.refused !== null) {
      await durable(decision);
      throw flow.refused ?? refusalOf(decision);
    }
    await act(decision.permit, template, async () => {
      if (flow.holdback.ended === 'open' || failure !== null) return;
      await send(flow, flow.holdback.last());
      response.end();
    });
    if (ended === 'cancelled' || response.writableEnded) return;
    const cut = `upstream \`${flow.answer.upstream}\` ended the stream before its last event; try again`;
    throw failure ?? new GatehouseError('upstream_failed', cut);
  } catch (thrown) {
    const error = toGatehouseError(thrown);
    // Told here, since only the stream knows the number of its next event.
    if (response.headersSent && !response.writableEnded && !response.destroyed) {
      response.end(flow.holdback.failure(wireError(parts, trace, error)));
    }
    throw error;
  }
}
