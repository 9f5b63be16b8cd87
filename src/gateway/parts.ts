import type {
  Checkpoint,
  Clock,
  GatehouseError,
  JsonObject,
  Level,
  Principal,
} from '../kernel/index.ts';
import type { Answer, ModelCall } from '../upstream/index.ts';
import type { Random } from './trace-id.ts';

/** An exact model version that may be served, and where. */
export interface PinnedModel {
  readonly id: string;
  readonly groups: readonly string[];
  readonly provider: string;
  /** The version itself, then its fallbacks. */
  readonly candidates: readonly {
    readonly id: string;
    readonly upstream: string;
    readonly model: string;
  }[];
}

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

/** What the data plane is made of. `main` brings it together. */
export interface GatewayParts {
  readonly checkpoint: Checkpoint;
  readonly clock: Clock;
  readonly random: Random;
  /** Who a credential stands for. Throws `unauthenticated`. */
  identify(credential: string | null): Principal | Promise<Principal>;
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
