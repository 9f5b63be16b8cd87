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
  type TokenKeys,
} from './api/index.ts';
export { type CliParts, cli, type Product, type Terminal } from './cli/index.ts';
export { type House, type HouseOptions, productOf } from './cli/product-of.ts';
export { fileText } from './config/file-text.ts';
export { listenerOf } from './config/listener.ts';
export { loadConfig } from './config/load.ts';
export {
  type Config,
  configJsonSchema,
  configSchema,
  type UpstreamConfig,
} from './config/schema.ts';
export { secretAt } from './config/secret.ts';
export type { PartHealth } from './contract/index.ts';
export { type TraceStory, traceStory } from './story/index.ts';
export {
  type MetricNames,
  type Metrics,
  type OtlpOptions,
  type OtlpTraces,
  openMetrics,
  otlpTraces,
} from './telemetry/index.ts';
