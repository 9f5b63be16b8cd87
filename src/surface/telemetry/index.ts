export { type MetricNames, type Metrics, openMetrics } from './metrics.ts';
export { type OtlpOptions, type OtlpTraces, otlpTraces } from './otlp-traces.ts';
