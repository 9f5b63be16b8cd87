import type { Presented, TokenService } from '../identity/index.ts';
import type {
  Checkpoint,
  Clock,
  GatehouseError,
  JsonObject,
  Level,
  Principal,
} from '../kernel/index.ts';
import type { Answer, ModelCall } from '../upstream/index.ts';
import type { Budgets } from './budget.ts';
import type { PinnedModel } from './pinned-model.ts';
import type { Random } from './trace-id.ts';

/** Counts about a subject, for its `measures`. */
export type Measures = Readonly<Record<string, number>>;

/** What is known of a call when it is over: for metrics and tracing, never content. */
export interface CallSummary {
  readonly trace: string;
  readonly parent: string | null;
  readonly protocol: string;
  readonly agent: string;
  readonly asked: string;
  readonly served: string | null;
  readonly upstream: string | null;
  readonly stream: boolean;
  readonly status: number;
  readonly level: Level;
  readonly ended: string;
  readonly begun: number;
  readonly ms: number;
  readonly usage: JsonObject | null;
}

/** What the data plane needs of the token service. */
export type Tokens = Pick<TokenService, 'serves' | 'prepare'>;

/** What the data plane is made of. `main` brings it together. */
export interface GatewayParts {
  readonly checkpoint: Checkpoint;
  readonly clock: Clock;
  readonly random: Random;
  /** Scheme and host that callers reach this by, as configured; never from what a caller says. */
  origin(): string;
  readonly tokens: Tokens;
  /** Puts on the record what is no decision. */
  append(kind: string, facts: JsonObject): Promise<unknown>;
  /** Who is behind what a request shows. Throws `unauthenticated`. */
  identify(presented: Presented): Principal | Promise<Principal>;
  /** Notes a call under way; `end` is called when its principal is stopped. Returns how to leave. */
  enter(principal: Principal, end: (why: GatehouseError) => void): () => void;
  readonly budgets: Budgets;
  /** Counts a request where rates are shared, for `policy.rate`; null where claims count them. */
  readonly arrival: ((principal: Principal, model: PinnedModel | null) => Promise<Measures>) | null;
  /** The exact version that a name stands for now, or null. */
  resolve(asked: string): PinnedModel | null;
  models(): readonly PinnedModel[];
  send(call: ModelCall): Promise<Answer>;
  /** Facts of the policy set in force, for the record. */
  policyFacts(): JsonObject;
  /** Where people see a trace. */
  traceLink(trace: string): string;
  over(call: CallSummary): void;
  defect(error: GatehouseError, trace: string | null): void;
}

export interface GatewayOptions {
  readonly bodyBytes: number;
  readonly answerBytes: number;
  readonly padStreams: boolean;
  readonly holdBackChars: number;
  /** A model call may start while its decision is being written. */
  readonly early: boolean;
}
