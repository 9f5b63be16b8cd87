import type { Kysely } from 'kysely';
import type { Clock, Principal } from '../kernel/index.ts';
import type { Notices, Tables } from '../store/index.ts';
import { type Agents, openAgents } from './agents.ts';
import { Identifier, type LookupLimits } from './identifier.ts';
import type { Presented } from './presented.ts';
import { openRecheck } from './revocation/ended.ts';
import { type Ending, endingNotice, readEnding } from './revocation/ending.ts';
import { Endings } from './revocation/endings.ts';
import { type Live, openLive } from './revocation/live.ts';
import { openStop } from './revocation/stopping.ts';
import { openStandings } from './standings.ts';
import { type Issuer, tokenVerifier } from './token-verifier.ts';
import type { Proofs, Verifier } from './verifier.ts';

export interface IdentityOptions {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  readonly random: (size: number) => Uint8Array;
  /** By which processes tell each other what ends. Null: calls under way are asked about instead. */
  readonly notices?: Notices | null;
  /** Asked in this order, before `issuers`. */
  readonly verifiers?: readonly Verifier[];
  readonly issuers?: readonly Issuer[];
  readonly proofs?: Proofs | null;
  /** How old an answer may be, in milliseconds: revocation bites within it. At most 1000. */
  readonly cacheMs?: number;
  readonly lookups?: LookupLimits;
}

/** Who asks, who may be asked about, and whose calls are under way. */
export interface Principals {
  /**
   * The agent that stands behind what a request shows: a static key (`gh_…`), a token, or a client
   * certificate. Answers at once, without a promise, when it answered for this credential within
   * `cacheMs` and it is bound to no key. A bound one needs a fresh proof each time.
   *
   * @throws GatehouseError `unauthenticated` with what to do next, `over_limit` when too many unknown
   *   ones are shown, `store_unavailable` when it cannot find out; never an answer older than
   *   `cacheMs`.
   */
  identify(presented: Presented): Principal | Promise<Principal>;
  readonly agents: Agents;
  readonly live: Live;
  /** Stops listening. */
  close(): void;
}

const lookupLimits: LookupLimits = { perSecond: 200, burst: 400 };

/** @throws GatehouseError `bad_config` for an issuer that cannot be used. */
export function openIdentity(options: IdentityOptions): Principals {
  const { db, clock, random, notices = null, cacheMs = 1000, proofs = null } = options;
  const endings = new Endings(clock);
  const recheck = openRecheck(db);
  const live = openLive({ notices: notices ?? { connected: false }, recheck, clock });
  const ended = (ending: Ending) => {
    endings.heard(ending);
    live.cut(ending);
  };
  // Whatever was told while nobody listened may be about anyone.
  const gap = () => {
    endings.gap();
    live.recheck();
  };
  const unlisten = notices?.listen(endingNotice, (payload) => {
    const ending = readEnding(payload);
    if (ending === null) gap();
    else ended(ending);
  });
  const ungap = notices?.onGap(gap);
  const who = new Identifier({
    standings: openStandings(db),
    endings,
    clock,
    verifiers: [...(options.verifiers ?? []), issuerVerifier(options.issuers ?? [], clock)],
    proofs,
    cacheMs: Math.min(cacheMs, 1000),
    lookups: options.lookups ?? lookupLimits,
  });
  return {
    identify: (presented) => who.identify(presented),
    agents: openAgents({ db, clock, random, stop: openStop(db, ended) }),
    live,
    close() {
      unlisten?.();
      ungap?.();
      live.close();
    },
  };
}

/** The last to be asked: it says of any other token that its issuer is not trusted. */
function issuerVerifier(issuers: readonly Issuer[], clock: Clock): Verifier {
  const verify = tokenVerifier(issuers, clock);
  return {
    own: false,
    verify: async ({ credential }) => (credential === null ? null : verify(credential)),
  };
}
