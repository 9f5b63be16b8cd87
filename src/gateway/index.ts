export { isLoopback, type ListenOptions, refusePlainOffLoopback } from './listen.ts';
export type { CallSummary, GatewayOptions, GatewayParts, PinnedModel } from './parts.ts';
export { type Gateway, openGateway } from './server.ts';
export { pooled, type Random } from './trace-id.ts';
