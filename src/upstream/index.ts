export {
  type Log,
  type Timeouts,
  type UpstreamDefinition,
  type UpstreamKind,
  type UpstreamOptions,
  upstreamDefaults,
} from './definition.ts';
export { UpstreamError } from './failure.ts';
export type { UpstreamHealth } from './line.ts';
export type { Answer, Attempt, Candidate, ModelCall, Outcome } from './model-call.ts';
export { openUpstreams, type Upstreams } from './upstreams.ts';
