export type { Budgets, Estimate, Reservation, Spent } from './budget.ts';
export { isLoopback, type ListenOptions, refusePlainOffLoopback } from './listen.ts';
export type { CallSummary, GatewayOptions, GatewayParts, Measures } from './parts.ts';
export type { PinnedModel } from './pinned-model.ts';
export { type Gateway, openGateway } from './server.ts';
export { pooled, type Random } from './trace-id.ts';
