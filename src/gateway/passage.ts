import {
  act,
  type Decision,
  type ErrorCode,
  GatehouseError,
  type JsonObject,
  type Level,
  type Principal,
} from '../kernel/index.ts';
import { type Answer, type ModelCall, UpstreamError } from '../upstream/index.ts';
import { answerJson, durable } from './answer-json.ts';
import { answerStream } from './answer-stream.ts';
import { spentInVain } from './budget.ts';
import type { RequestFacts } from './dialects/index.ts';
import { type Admitted, type Exchange, type Outcome, refusalOf, stopOf } from './exchange.ts';
import { forwardedHeaders } from './forwarded.ts';
import { judgeInbound } from './inbound.ts';
import { recordNoAnswer } from './no-answer.ts';
import type { GatewayOptions, GatewayParts } from './parts.ts';
import type { PinnedModel } from './pinned-model.ts';
import { presentedBy } from './presented.ts';
import { type RequestBody, readBody } from './request-body.ts';

/** How far a call has come, for its summary, whatever ends it. */
export interface Progress {
  agent: string;
  facts: RequestFacts | null;
  level: Level;
  upstream: string | null;
  served: string | null;
  usage: JsonObject | null;
}

/**
 * The path of a model call: identify, judge, dispatch on a permit, judge the answer, release it on
 * a permit. Whatever is thrown is told to the caller by the server, in the protocol's own shape.
 */
export async function passage(
  parts: GatewayParts,
  options: GatewayOptions,
  call: Exchange,
  progress: Progress,
): Promise<Outcome> {
  const principal = await parts.identify(presentedBy(call.request, parts.origin()));
  progress.agent = principal.id;
  const leave = parts.enter(principal, (why) => call.gone.abort(why));
  try {
    return await admitted(parts, options, call, progress, principal);
  } finally {
    leave();
  }
}

async function admitted(
  parts: GatewayParts,
  options: GatewayOptions,
  call: Exchange,
  progress: Progress,
  principal: Principal,
): Promise<Outcome> {
  const body = await readBody(call.request, options.bodyBytes);
  const facts = call.dialect.readRequest(body.json);
  progress.facts = facts;
  const asked: Asked = { principal, body, facts, headers: forwardedHeaders(call.request) };
  const wanted = parts.resolve(facts.model);
  const { entered, answer } = await dispatch(parts, options, call, progress, asked, wanted);
  progress.upstream = answer.upstream;
  progress.served = answer.model;
  const streams = /^text\/event-stream/i.test(answer.headers['content-type'] ?? '');
  const done =
    streams && call.dialect.stream !== null
      ? await answerStream(parts, options, entered, answer)
      : await answerJson(parts, entered, answer);
  progress.level = done.decision.verdict.level;
  progress.usage = done.usage;
  return done;
}

/** What was read of a request before anything is judged. */
interface Asked {
  readonly principal: Principal;
  readonly body: RequestBody;
  readonly facts: RequestFacts;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Judges and sends, and where the upstream is away does both again for the next version that the
 * pin names: each version that may answer is decided on by itself.
 */
async function dispatch(
  parts: GatewayParts,
  options: GatewayOptions,
  call: Exchange,
  progress: Progress,
  asked: Asked,
  wanted: PinnedModel | null,
): Promise<{ readonly entered: Admitted; readonly answer: Answer }> {
  const { principal, body, facts } = asked;
  const fallbacks = (wanted?.candidates ?? []).slice(1);
  let model = wanted;
  for (let next = 0; ; next++) {
    const inbound = await judgeInbound(parts, options, call, principal, body, facts, model);
    const { decision, owner, reservation, estimate } = inbound;
    progress.level = decision.verdict.level;
    if (decision.permit === null || model === null) {
      await durable(decision);
      throw refusalOf(decision);
    }
    stopUpstreamIfUnrecorded(call, decision);
    const entered: Admitted = {
      ...call,
      principal,
      facts,
      model,
      owner,
      inbound: decision,
      reservation,
      estimate,
    };
    try {
      const answer = await act(decision.permit, inbound.input, ({ content }) =>
        parts.send(modelCall(call, asked, model as PinnedModel, content as JsonObject)),
      );
      return { entered, answer };
    } catch (thrown) {
      const attempts = thrown instanceof UpstreamError ? thrown.attempts : [];
      await recordNoAnswer(parts, entered, thrown, spentInVain(attempts, estimate));
      const why = stopOf(call);
      if (why !== null) throw why;
      const fallback = fallbacks[next];
      if (fallback === undefined || !isAway(thrown) || call.gone.signal.aborted) throw thrown;
      model = parts.resolve(fallback.id);
    }
  }
}

function isAway(thrown: unknown): boolean {
  const away: readonly ErrorCode[] = ['upstream_failed', 'upstream_refused', 'upstream_timeout'];
  return thrown instanceof GatehouseError && away.includes(thrown.code);
}

function modelCall(
  call: Exchange,
  { facts, headers }: Asked,
  model: PinnedModel,
  content: JsonObject,
): ModelCall {
  const counted = facts.stream ? call.dialect.withUsage(content) : content;
  return {
    candidates: model.candidates.slice(0, 1),
    path: call.dialect.path,
    body: (exact) => JSON.stringify(call.dialect.withModel(counted, exact)),
    stream: facts.stream,
    headers,
    signal: call.gone.signal,
  };
}

// The answer would be withheld anyway; there is no sense in paying for the rest of it.
function stopUpstreamIfUnrecorded(call: Exchange, decision: Decision): void {
  decision.recorded.catch(() => {
    call.gone.abort(new GatehouseError('record_unavailable', 'the record cannot be written'));
  });
}
