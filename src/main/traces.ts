import { randomBytes } from 'node:crypto';
import { systemClock } from '../kernel/index.ts';
import { type Config, type HouseOptions, type OtlpTraces, otlpTraces } from '../surface/index.ts';
import { outbound } from '../upstream/index.ts';

/** Spans of calls to an OpenTelemetry collector, if one is configured. */
export function openTraces(
  config: Config,
  version: string,
  log: HouseOptions['log'],
): OtlpTraces | null {
  const { otlp, headers } = config.telemetry;
  if (otlp === undefined) return null;
  const send = outbound({ timeoutMs: 10_000, maxBytes: 1_000_000 });
  return otlpTraces({
    endpoint: otlp,
    headers,
    version,
    clock: systemClock,
    random: randomBytes,
    send: async (url, fields, body) =>
      (await send(url, { method: 'POST', headers: fields, body })).status,
    provider: (upstream) => config.upstreams[upstream]?.kind ?? null,
    log,
  });
}
