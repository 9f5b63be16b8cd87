export {
  type ControlListen,
  type ControlOptions,
  type ControlParts,
  type ControlPlane,
  controlPlane,
  type Guard,
  type Log,
  type PolicyDesk,
  type Settings,
  type SetupToken,
  settingsIn,
  setupToken,
} from './api/index.ts';
export { loadConfig } from './config/load.ts';
export {
  type Config,
  configJsonSchema,
  configSchema,
  type UpstreamConfig,
} from './config/schema.ts';
export { type LogEntry, type TraceStory, traceStory } from './story/index.ts';
export {
  type MetricNames,
  type Metrics,
  type OtlpOptions,
  type OtlpTraces,
  openMetrics,
  otlpTraces,
} from './telemetry/index.ts';
