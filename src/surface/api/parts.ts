import type { Agents } from '../../identity/index.ts';
import type { Clock, Json, JsonObject } from '../../kernel/index.ts';
import type { Policies, PolicyCheck, PolicySources } from '../../policy/index.ts';
import type { PinnedModel } from '../../registry/index.ts';
import type { PartHealth } from '../contract/index.ts';
import type { LogEntry } from '../story/index.ts';

/** Random bytes as a parameter. */
export type Random = (size: number) => Uint8Array;

/** The policy set in force, and what a set would be worth. */
export interface PolicyDesk extends Pick<Policies, 'hash' | 'policies' | 'reload'> {
  /** The sources as they stand in the folder now. */
  read(): PolicySources;
  check(sources: PolicySources): PolicyCheck;
}

/** The log, as far as the control plane reads it. Indexes count from 0. */
export interface Log {
  readonly origin: string;
  /** The verifier key (C2SP signed-note). */
  readonly key: string;
  /** Writes an entry of the control plane's own; resolves when it is durable. */
  append(kind: string, facts: JsonObject): Promise<unknown>;
  checkpoint(): Promise<string>;
  /** A tile of hashes, or null if the log does not hold it (yet). Without `width`: a full one. */
  tile(level: number, index: number, width?: number): Promise<Uint8Array | null>;
  /** A bundle of entries (C2SP tlog-tiles), or null. */
  entries(index: number, width?: number): Promise<Uint8Array | null>;
  entry(index: number): Promise<LogEntry | null>;
  byTrace(trace: string): Promise<readonly LogEntry[]>;
  /** The newest entries first, below `before` if given. */
  latest(limit: number, before?: number): Promise<readonly LogEntry[]>;
  /** A C2SP tlog-proof, or null while no checkpoint covers the entry. */
  receipt(index: number): Promise<string | null>;
  /** An export that verifies offline, as JSON text; null if the trace is unknown. */
  bundle(trace: string, options: { readonly bodies: boolean }): Promise<string | null>;
}

/** Small durable values. `putIfAbsent` is false, and changes nothing, if the name has a value. */
export interface Settings {
  get(name: string): Promise<unknown>;
  put(name: string, value: Json): Promise<void>;
  putIfAbsent(name: string, value: Json): Promise<boolean>;
}

/** Who may use the control plane. */
export interface Guard {
  /** True if it is the setup token; takes the same time for every wrong one. */
  admits(token: string): boolean;
  /** When the token was made, ISO 8601. */
  readonly since: string;
  /** Makes another token; the one before no longer counts. */
  rotate(): Promise<string>;
}

/** What the control plane is made of. `main` brings it together. */
export interface ControlParts {
  readonly version: string;
  readonly clock: Clock;
  readonly agents: Agents;
  readonly policies: PolicyDesk;
  models(): readonly PinnedModel[];
  readonly log: Log;
  readonly guard: Guard;
  /** Asks each part how it is. Must answer within a second, whatever state a part is in. */
  health(): Promise<readonly PartHealth[]>;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Told of every defect (an error of kind `unexpected`): the client sees no more than its code. */
  defect(error: unknown): void;
}
