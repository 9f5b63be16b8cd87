import type { Agents } from '../../identity/index.ts';
import type { Clock, Json } from '../../kernel/index.ts';
import type { AgentUse, Ledger } from '../../ledger/index.ts';
import type { Policies, PolicyCheck, PolicySources, Quotas, WhatIf } from '../../policy/index.ts';
import type { PinnedModel } from '../../registry/index.ts';
import type { PartHealth } from '../contract/index.ts';

/** Random bytes as a parameter. */
export type Random = (size: number) => Uint8Array;

/** The policy set in force, and what a set would be worth. */
export interface PolicyDesk extends Pick<Policies, 'hash' | 'policies' | 'reload'> {
  /** The sources as they stand in the folder now. */
  read(): PolicySources;
  check(sources: PolicySources): PolicyCheck;
}

/** The log, as far as the control plane needs it. */
export type Log = Pick<
  Ledger,
  | 'key'
  | 'append'
  | 'checkpoint'
  | 'tile'
  | 'entries'
  | 'entry'
  | 'byTrace'
  | 'latest'
  | 'receipt'
  | 'bundle'
>;

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

/** The keys that the token service signs with. */
export interface TokenKeys {
  /** Signs with a new key from now on; answers with its id (`kid`). */
  rotate(): Promise<string>;
  /** All public keys that tokens still verify with (RFC 7517). */
  keys(): Promise<{ readonly keys: readonly object[] }>;
}

/** What the control plane is made of. `main` brings it together. */
export interface ControlParts {
  readonly version: string;
  readonly clock: Clock;
  readonly agents: Agents;
  readonly policies: PolicyDesk;
  /** What policies would say, and said. */
  readonly whatIf: WhatIf;
  /** What agents did, out of the record. */
  readonly use: AgentUse;
  readonly quotas: Pick<Quotas, 'standing'>;
  readonly tokens: TokenKeys;
  models(): readonly PinnedModel[];
  readonly log: Log;
  readonly guard: Guard;
  /** Asks each part how it is. Must answer within a second, whatever state a part is in. */
  health(): Promise<readonly PartHealth[]>;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Told of every defect (an error of kind `unexpected`): the client sees no more than its code. */
  defect(error: unknown): void;
}
