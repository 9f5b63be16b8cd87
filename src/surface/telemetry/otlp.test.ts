import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../../../test/control/call.ts';
import { traceOf } from '../../../test/control/decisions.ts';
import { exportRequest, type OtlpSpan, spanOf } from './otlp-span.ts';
import { otlpTraces } from './otlp-traces.ts';

const spanId = '00f067aa0ba902b7';
const string = (key: string, value: string) => ({ key, value: { stringValue: value } });
const int = (key: string, value: string) => ({ key, value: { intValue: value } });

test('a call is a span after the GenAI conventions, in OTLP’s JSON (A4)', () => {
  const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01';
  const request: unknown = JSON.parse(
    exportRequest([spanOf(call({ parent }), spanId, 'openai')], '0.1.0'),
  );
  assert.deepEqual(request, {
    resourceSpans: [
      {
        resource: {
          attributes: [string('service.name', 'gatehouse'), string('service.version', '0.1.0')],
        },
        scopeSpans: [
          {
            scope: { name: 'gatehouse', version: '0.1.0' },
            spans: [
              {
                traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
                spanId,
                parentSpanId: 'b7ad6b7169203331',
                name: 'chat gpt-x',
                kind: 3,
                startTimeUnixNano: '1777000000123000000',
                endTimeUnixNano: '1777000000963000000',
                attributes: [
                  string('gen_ai.operation.name', 'chat'),
                  string('gen_ai.provider.name', 'openai'),
                  string('gen_ai.request.model', 'gpt-x'),
                  string('gen_ai.response.model', 'gpt-x-2026-05-01'),
                  int('gen_ai.usage.input_tokens', '20'),
                  int('gen_ai.usage.output_tokens', '12'),
                  string('gen_ai.agent.id', 'agt_1'),
                  int('http.response.status_code', '200'),
                  string('gatehouse.trace', traceOf(1)),
                  string('gatehouse.verdict', 'allow'),
                  string('gatehouse.outcome', 'complete'),
                  string('gatehouse.protocol', 'openai.chat'),
                  string('gatehouse.upstream', 'openai'),
                  { key: 'gatehouse.stream', value: { boolValue: false } },
                ],
                status: { code: 0 },
              },
            ],
          },
        ],
      },
    ],
  });
});

test('a refusal is an error of its own trace, without an upstream', () => {
  const refused = { status: 403, ended: 'refused', level: 'deny', served: null, upstream: null };
  const span = spanOf(call({ ...refused, level: 'deny', usage: null }), spanId, null);
  assert.equal(span.traceId, traceOf(1));
  assert.equal('parentSpanId' in span, false);
  assert.deepEqual(span.status, { code: 2, message: 'refused' });
  const keys = span.attributes.map(({ key }) => key);
  assert.ok(keys.includes('error.type'));
  assert.ok(!keys.some((key) => key.startsWith('gen_ai.usage')));
  assert.ok(!keys.includes('gen_ai.response.model'));
});

interface Collector {
  readonly bodies: { url: string; spans: OtlpSpan[] }[];
  readonly statuses: number[];
  readonly lines: string[];
  readonly timers: (() => void)[];
  open(endpoint?: string): ReturnType<typeof otlpTraces>;
}

/** A collector that answers with `statuses`, one after the other, and then with 200. */
function collector(...statuses: number[]): Collector {
  const bodies: Collector['bodies'] = [];
  const lines: string[] = [];
  const timers: (() => void)[] = [];
  return {
    bodies,
    statuses,
    lines,
    timers,
    open: (endpoint = 'http://collector:4318') =>
      otlpTraces({
        endpoint,
        headers: {},
        version: '0.1.0',
        clock: {
          now: () => 0,
          after(ms, run) {
            // Pauses between attempts pass at once, the interval when the test says so.
            if (ms === 2_000) timers.push(run);
            else queueMicrotask(run);
            return () => {};
          },
        },
        random: (size) => new Uint8Array(size).fill(1),
        async send(url, _headers, body) {
          const status = statuses.shift() ?? 200;
          if (status === 0) throw new Error('refused');
          const { resourceSpans } = JSON.parse(body);
          if (status === 200) bodies.push({ url, spans: resourceSpans[0].scopeSpans[0].spans });
          return status;
        },
        provider: () => 'openai',
        log: (line) => lines.push(line),
      }),
  };
}

test('spans go out in one batch after a while, to the right path', async () => {
  const { bodies, timers, open } = collector();
  const traces = open('http://collector:4318/');
  traces.call(call());
  traces.call(call());
  assert.equal(bodies.length, 0);
  assert.equal(timers.length, 1);
  timers[0]?.();
  await traces.close();
  assert.equal(bodies.length, 1);
  assert.equal(bodies[0]?.spans.length, 2);
  assert.equal(bodies[0]?.url, 'http://collector:4318/v1/traces');
  const named = collector();
  const full = named.open('http://collector:4318/v1/traces');
  full.call(call());
  await full.close();
  assert.equal(named.bodies[0]?.url, 'http://collector:4318/v1/traces');
});

test('a collector that is busy or away is asked again, and then the spans are lost, said once', async () => {
  const busy = collector(503, 0);
  const patient = busy.open();
  patient.call(call());
  busy.timers[0]?.();
  await patient.close();
  assert.equal(busy.bodies.length, 1);
  assert.equal(patient.dropped, 0);

  const refusing = collector(400, 400);
  const traces = refusing.open();
  traces.call(call());
  await traces.close();
  traces.call(call());
  assert.equal(traces.dropped, 2);
  assert.deepEqual(refusing.lines, [
    'traces to `http://collector:4318/v1/traces` are being lost: it answers 400',
  ]);
});

test('a slow collector costs spans beyond the queue, and nothing else', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let sent = 0;
  const traces = otlpTraces({
    endpoint: 'http://collector:4318',
    headers: {},
    version: '0.1.0',
    clock: { now: () => 0, after: () => () => {} },
    random: (size) => new Uint8Array(size),
    async send(_url, _headers, body) {
      await held;
      sent += JSON.parse(body).resourceSpans[0].scopeSpans[0].spans.length;
      return 200;
    },
    provider: () => null,
    log: () => {},
  });
  for (let i = 0; i < 6_000; i++) traces.call(call());
  assert.equal(traces.dropped, 6_000 - 4_096 - 512);
  release();
  await traces.close();
  assert.equal(sent, 4_096 + 512);
});
