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
export {
  clientFetch,
  type Outbound,
  type OutboundAnswer,
  type OutboundInit,
  type OutboundOptions,
  outbound,
} from './outbound.ts';
export type { Rendered, ScriptedReply } from './scripted/rendered.ts';
export { parseScript, readScript, type Script } from './scripted/script.ts';
export { type ScriptedHandler, scriptedHandler } from './scripted/scripted-handler.ts';
export { openUpstreams, type Upstreams } from './upstreams.ts';
