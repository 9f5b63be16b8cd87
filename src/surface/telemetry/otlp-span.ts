import type { CallSummary } from '../../gateway/index.ts';

/** An attribute as OTLP's JSON spells it. */
export interface Attribute {
  readonly key: string;
  readonly value:
    | { readonly stringValue: string }
    | { readonly boolValue: boolean }
    | { readonly intValue: string };
}

/** A span in the JSON mapping of opentelemetry-proto: ids in hexadecimal, 64-bit numbers as text. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code: number; readonly message?: string };
}

const client = 3;
const unset = 0;
const failed = 2;

/** The operation of a protocol, as GenAI semantic conventions name it (`gen_ai.operation.name`). */
function operationOf(protocol: string): string {
  if (protocol === 'openai.embeddings') return 'embeddings';
  if (protocol === 'anthropic.count_tokens') return 'count_tokens';
  return 'chat';
}

/**
 * One call as a span after the GenAI semantic conventions of OpenTelemetry. It continues the
 * caller's trace (W3C Trace Context) if it sent one; `gatehouse.trace` leads to the record. No
 * content and no reason of a refusal goes out.
 */
export function spanOf(call: CallSummary, spanId: string, provider: string | null): OtlpSpan {
  const { parent, protocol, ended, usage } = call;
  const operation = operationOf(protocol);
  // version "-" trace id "-" parent id "-" flags
  const [, traceId = call.trace, parentSpanId] = parent === null ? [] : parent.split('-');
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name: call.asked === '' ? operation : `${operation} ${call.asked.slice(0, 200)}`,
    kind: client,
    startTimeUnixNano: nanos(call.begun),
    endTimeUnixNano: nanos(call.begun + call.ms),
    attributes: [
      text('gen_ai.operation.name', operation),
      ...some('gen_ai.provider.name', provider),
      ...some('gen_ai.request.model', call.asked.slice(0, 200)),
      ...some('gen_ai.response.model', call.served),
      ...count('gen_ai.usage.input_tokens', usage?.['input']),
      ...count('gen_ai.usage.output_tokens', usage?.['output']),
      ...some('gen_ai.agent.id', call.agent),
      ...count('http.response.status_code', call.status),
      ...(failing(call) ? [text('error.type', errorOf(call))] : []),
      text('gatehouse.trace', call.trace),
      text('gatehouse.verdict', call.level),
      text('gatehouse.outcome', ended),
      text('gatehouse.protocol', protocol),
      ...some('gatehouse.upstream', call.upstream),
      { key: 'gatehouse.stream', value: { boolValue: call.stream } },
    ],
    status: failing(call) ? { code: failed, message: errorOf(call) } : { code: unset },
  };
}

/** A body of `POST /v1/traces` (OTLP/HTTP, JSON). */
export function exportRequest(spans: readonly OtlpSpan[], version: string): string {
  const resource = {
    attributes: [text('service.name', 'gatehouse'), text('service.version', version)],
  };
  const scopeSpans = [{ scope: { name: 'gatehouse', version }, spans }];
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] });
}

function failing({ status, ended }: CallSummary): boolean {
  return status >= 400 || (ended !== 'complete' && ended !== 'cancelled');
}

function errorOf({ status, ended }: CallSummary): string {
  return ended === 'complete' ? String(status) : ended;
}

// Milliseconds with a fraction would lose digits as a number of nanoseconds.
function nanos(ms: number): string {
  return String(BigInt(Math.round(ms * 1_000)) * 1_000n);
}

function text(key: string, value: string): Attribute {
  return { key, value: { stringValue: value } };
}

function some(key: string, value: string | null): readonly Attribute[] {
  return value === null || value === '' ? [] : [text(key, value)];
}

function count(key: string, value: unknown): readonly Attribute[] {
  return Number.isSafeInteger(value) ? [{ key, value: { intValue: String(value) } }] : [];
}
