import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CallSummary } from '../../gateway/index.ts';
import { type JsonObject, levels, type Recorder, stages } from '../../kernel/index.ts';
import { tally } from './tally.ts';

/** Names that labels may have. Everything else counts as `other`. */
export interface MetricNames {
  readonly protocols: readonly string[];
  readonly upstreams: readonly string[];
}

/** The figures of the product. What is called on the path of a request takes about a microsecond. */
export interface Metrics {
  /** A call that is over. */
  call(call: CallSummary): void;
  /** The recorder, with its decisions counted as they become durable, or fail to. */
  counting(recorder: Recorder): Recorder;
  /** The text format of Prometheus. */
  scrape(): Promise<{ readonly contentType: string; readonly text: string }>;
}

const statuses = [200, 400, 401, 403, 404, 405, 408, 409, 413, 415, 421, 422, 429];
const statusNames = [...statuses, 499, 500, 502, 503, 504, 529].map(String);
const endings = ['complete', 'refused', 'denied', 'cut', 'cancelled', 'failed'];
const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Opens the figures. Serves A4. */
export function openMetrics(names: MetricNames): Metrics {
  const registry = new Registry();
  const { protocols, upstreams } = names;
  const registers = [registry];
  const decisions = tally(registry, 'gatehouse_decisions_total', 'Decisions on the record', {
    stage: stages,
    level: levels,
    protocol: protocols,
  });
  const unwritten = new Counter({
    name: 'gatehouse_record_failures_total',
    help: 'Decisions that could not be written down, so that nothing passed',
    registers,
  });
  processGauges(registry);
  return {
    call: callFigures(registry, protocols, upstreams),
    counting: (recorder) =>
      counting(
        recorder,
        (entry) => countDecision(decisions, entry),
        () => unwritten.inc(),
      ),
    scrape: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

function callFigures(
  registry: Registry,
  protocols: readonly string[],
  upstreams: readonly string[],
): Metrics['call'] {
  const requests = tally(registry, 'gatehouse_requests_total', 'Calls that are over', {
    protocol: protocols,
    status: statusNames,
    ended: endings,
  });
  const outcomes = tally(
    registry,
    'gatehouse_upstream_calls_total',
    'What upstreams made of calls',
    {
      upstream: upstreams,
      outcome: endings,
    },
  );
  const tokens = tally(registry, 'gatehouse_tokens_total', 'Tokens that upstreams reported', {
    protocol: protocols,
    direction: ['input', 'output'],
  });
  const seconds = new Histogram({
    name: 'gatehouse_request_seconds',
    help: 'Time of a call, from its first byte to the last of its answer',
    labelNames: ['stream'],
    buckets: requestSeconds,
    registers: [registry],
  });
  const streamed = seconds.labels('true');
  const whole = seconds.labels('false');
  return (call) => {
    const { protocol, upstream, ended, usage } = call;
    requests.add(1, protocol, String(call.status), ended);
    if (upstream !== null) outcomes.add(1, upstream, ended);
    (call.stream ? streamed : whole).observe(call.ms / 1_000);
    if (usage === null) return;
    for (const direction of ['input', 'output'] as const) {
      const count = usage[direction];
      if (typeof count === 'number' && count > 0) tokens.add(count, protocol, direction);
    }
  };
}

/** What was composed for the log, told when it is there: an entry may be composed more than once. */
function counting(
  recorder: Recorder,
  written: (entry: JsonObject) => void,
  failed: () => void,
): Recorder {
  return {
    record(draft) {
      let entry: JsonObject = {};
      const recorded = recorder.record({
        trace: draft.trace,
        bodies: draft.bodies,
        claims: draft.claims,
        entry(bodies, refused) {
          entry = draft.entry(bodies, refused);
          return entry;
        },
      });
      recorded.then(() => written(entry), failed);
      return recorded;
    },
  };
}

function countDecision(decisions: ReturnType<typeof tally>, entry: JsonObject): void {
  const { stages: at, level, protocol } = entry;
  if (!Array.isArray(at) || typeof level !== 'string') return;
  const name = typeof protocol === 'string' ? protocol : '';
  for (const stage of at as readonly unknown[]) decisions.add(1, String(stage), level, name);
}

function processGauges(registry: Registry): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) => {
    void new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge('process_cpu_seconds_total', 'CPU time of the process', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  gauge('process_resident_memory_bytes', 'Memory that the process holds', () => {
    return process.memoryUsage.rss();
  });
}
