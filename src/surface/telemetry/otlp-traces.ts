import type { CallSummary } from '../../gateway/index.ts';
import type { Clock } from '../../kernel/index.ts';
import { exportRequest, type OtlpSpan, spanOf } from './otlp-span.ts';

export interface OtlpOptions {
  /** The collector's address; `/v1/traces` is added where it is missing. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly version: string;
  readonly clock: Clock;
  readonly random: (size: number) => Uint8Array;
  /** Sends a body by POST and answers with the status. Only `upstream` reaches the network. */
  send(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<number>;
  /** The provider behind an upstream (`gen_ai.provider.name`), or null. */
  provider(upstream: string): string | null;
  readonly log: (line: string) => void;
}

/** Traces on their way to a collector. */
export interface OtlpTraces {
  /** Takes a call that is over. Never waits and never throws. */
  call(call: CallSummary): void;
  /** Spans that were lost because the collector was away or too slow. */
  readonly dropped: number;
  /** Sends what is there, and ends. */
  close(): Promise<void>;
}

const mostQueued = 4_096;
const mostSent = 512;
const intervalMs = 2_000;
const attempts = 3;

/**
 * Exports calls as spans (OTLP/HTTP with JSON), in batches from a bounded queue: a collector that is
 * away costs spans, never requests. Serves A4.
 */
export function otlpTraces(options: OtlpOptions): OtlpTraces {
  const { clock, log } = options;
  const url = options.endpoint.replace(/\/+$/, '').replace(/(?:\/v1\/traces)?$/, '/v1/traces');
  const queue: OtlpSpan[] = [];
  let dropped = 0;
  let sending: Promise<void> | null = null;
  let cancel: (() => void) | null = null;
  let closed = false;

  function lose(count: number, why: string): void {
    if (dropped === 0) log(`traces to \`${url}\` are being lost: ${why}`);
    dropped += count;
  }

  async function sendOne(): Promise<void> {
    const spans = queue.splice(0, mostSent);
    const body = exportRequest(spans, options.version);
    const headers = { 'content-type': 'application/json', ...options.headers };
    let why = '';
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const status = await options.send(url, headers, body).catch(() => 0);
      if (status >= 200 && status < 300) return;
      why = status === 0 ? 'it cannot be reached' : `it answers ${status}`;
      // OTLP/HTTP, "Retryable Response Codes": any other answer would be the same again.
      if (![0, 429, 502, 503, 504].includes(status)) break;
      if (attempt < attempts && !closed) await pause(clock, 500 * 2 ** attempt);
    }
    lose(spans.length, why);
  }

  async function drain(): Promise<void> {
    while (queue.length > 0) await sendOne();
  }

  function flush(): Promise<void> {
    cancel?.();
    cancel = null;
    sending ??= drain().finally(() => {
      sending = null;
    });
    return sending;
  }

  return {
    call(call) {
      if (closed || queue.length >= mostQueued) {
        lose(1, 'it is too slow');
        return;
      }
      const provider = call.upstream === null ? null : options.provider(call.upstream);
      queue.push(spanOf(call, hex(options.random(8)), provider));
      if (queue.length >= mostSent) void flush();
      else cancel ??= clock.after(intervalMs, () => void flush());
    },
    get dropped() {
      return dropped;
    },
    async close() {
      closed = true;
      await flush();
      await flush();
    },
  };
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
