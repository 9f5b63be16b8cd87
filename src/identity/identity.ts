import type { Kysely } from 'kysely';
import type { Clock, Principal } from '../kernel/index.ts';
import type { Tables } from '../store/index.ts';
import { openAgentRecords } from './agent-records.ts';
import { type Agents, openAgents } from './agents.ts';
import { Identifier } from './identifier.ts';
import { type Issuer, tokenVerifier } from './token-verifier.ts';

export interface IdentityOptions {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  readonly random: (size: number) => Uint8Array;
  readonly issuers?: readonly Issuer[];
  /** How old an answer may be, in milliseconds: revocation bites within it. At most 1000. */
  readonly cacheMs?: number;
}

/** Who asks, and who may be asked about. */
export interface Principals {
  /**
   * The agent that a credential stands for: a static key (`gh_…`) or an at+jwt (RFC 9068). Answers
   * at once, without a promise, when it answered for this credential within `cacheMs`.
   *
   * @throws GatehouseError `unauthenticated` with what to do next, `store_unavailable` when it
   *   cannot find out; never an answer older than `cacheMs`.
   */
  identify(credential: string | null): Principal | Promise<Principal>;
  readonly agents: Agents;
}

/** @throws GatehouseError `bad_config` for an issuer that cannot be used. */
export function openIdentity(options: IdentityOptions): Principals {
  const { db, clock, random, issuers = [], cacheMs = 1000 } = options;
  const records = openAgentRecords(db);
  const who = new Identifier({
    records,
    clock,
    verify: tokenVerifier(issuers, clock),
    cacheMs: Math.min(cacheMs, 1000),
  });
  const agents = openAgents({ records, clock, random, changed: () => who.forget() });
  return { identify: (credential) => who.identify(credential), agents };
}
