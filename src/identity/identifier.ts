import { type Clock, GatehouseError, type Principal, Recent } from '../kernel/index.ts';
import { Allowance } from './allowance.ts';
import { credentialPrint } from './credential-print.ts';
import type { Presented } from './presented.ts';
import { refusal } from './refusal.ts';
import type { Endings } from './revocation/endings.ts';
import type { Standings } from './standings.ts';
import { isStaticKey } from './static-key.ts';
import type { VerifiedToken } from './verified-token.ts';
import type { Proofs, Verifier } from './verifier.ts';

/** How often credentials that nobody knows here may make the database work, in this process. */
export interface LookupLimits {
  readonly perSecond: number;
  readonly burst: number;
}

export interface IdentifierParts {
  readonly standings: Standings;
  readonly endings: Endings;
  readonly clock: Clock;
  readonly verifiers: readonly Verifier[];
  /** Null: tokens that are bound to a key are refused. */
  readonly proofs: Proofs | null;
  readonly cacheMs: number;
  readonly lookups: LookupLimits;
}

/** What was found out, and when the asking began: by the clock, and by what had ended until then. */
interface Known {
  readonly at: number;
  readonly seen: number;
  readonly principal: Principal;
  readonly thumbprint: string | null;
  refreshing: boolean;
}

interface Refused {
  readonly at: number;
  readonly error: GatehouseError;
}

const mostKnown = 20_000;
const mostRefused = 4_000;
const mostTries = 5;

/**
 * Finds out who a credential stands for and remembers it for `cacheMs`. Only fingerprints are kept,
 * never credentials.
 *
 * INVARIANT: an answer is never older than `cacheMs`, counted from before the database was asked,
 * and never rests on anything whose end this process has heard of.
 */
export class Identifier {
  readonly #parts: IdentifierParts;
  readonly #known = new Recent<Known>(mostKnown);
  // Apart from the known, so that garbage cannot push out those who are in use.
  readonly #refusals = new Recent<Refused>(mostRefused);
  readonly #pending = new Map<string, Promise<Known>>();
  // Apart from each other, so that a flood of made-up keys does not keep tokens out.
  readonly #keys: Allowance;
  readonly #tokens: Allowance;

  constructor(parts: IdentifierParts) {
    this.#parts = parts;
    const { clock, lookups } = parts;
    this.#keys = new Allowance(clock, lookups.perSecond, lookups.burst);
    this.#tokens = new Allowance(clock, lookups.perSecond, lookups.burst);
  }

  /**
   * At once for a credential that is known and bound to no key; otherwise a promise. Throws or
   * rejects with a GatehouseError.
   */
  identify(presented: Presented): Principal | Promise<Principal> {
    const print = credentialPrint(presented);
    const now = this.#parts.clock.now();
    const known = this.#current(print, now);
    if (known === null) return this.#unknown(presented, print, now);
    checkTime(known.principal, now);
    if (now - known.at > this.#parts.cacheMs / 2) this.#refresh(known, presented, print);
    if (known.thumbprint !== null) return this.#proved(presented, print, known);
    checkUnbound(presented);
    return known.principal;
  }

  #current(print: string, now: number): Known | null {
    const known = this.#known.get(print);
    if (known === undefined || !this.#fresh(known.at, now)) return null;
    return this.#parts.endings.touched(known.principal, known.seen) ? null : known;
  }

  #fresh(at: number, now: number): boolean {
    return now >= at && now - at < this.#parts.cacheMs;
  }

  #unknown(presented: Presented, print: string, now: number): Promise<Principal> {
    const refused = this.#refusals.get(print);
    if (refused !== undefined && this.#fresh(refused.at, now)) throw refused.error;
    return this.#asked(presented, print).then((known) => {
      if (known.thumbprint !== null) return this.#proved(presented, print, known);
      checkUnbound(presented);
      return known.principal;
    });
  }

  /** The principal of a bound credential, once this very request has shown its own proof. */
  async #proved(presented: Presented, print: string, known: Known): Promise<Principal> {
    const { clock, proofs, endings } = this.#parts;
    if (presented.scheme !== 'dpop') {
      throw refusal('it is bound to a key; send it as `authorization: dpop` with a proof');
    }
    if (proofs === null) throw refusal('it is bound to a key, and no proofs are taken here');
    await proofs.check(presented, known.thumbprint as string);
    if (!endings.touched(known.principal, known.seen)) {
      checkTime(known.principal, clock.now());
      return known.principal;
    }
    // A proof counts once, so it is not asked for again.
    return (await this.#asked(presented, print)).principal;
  }

  // Ahead of time, so that a busy agent never waits for the database.
  #refresh(known: Known, presented: Presented, print: string): void {
    if (known.refreshing) return;
    known.refreshing = true;
    this.#asked(presented, print).catch(() => {
      known.refreshing = false;
    });
  }

  #asked(presented: Presented, print: string): Promise<Known> {
    const pending = this.#pending.get(print);
    if (pending !== undefined) return pending;
    const answer = this.#ask(presented, print).finally(() => this.#pending.delete(print));
    this.#pending.set(print, answer);
    return answer;
  }

  async #ask(presented: Presented, print: string): Promise<Known> {
    const { clock, endings } = this.#parts;
    const begun = clock.now();
    const isNew = this.#known.get(print) === undefined;
    try {
      for (let tries = 0; tries < mostTries; tries++) {
        const at = clock.now();
        const seen = endings.sequence;
        const found = await this.#find(presented, print, isNew && tries === 0);
        // What was heard meanwhile, the answer may not know.
        if (endings.touched(found.principal, seen)) continue;
        checkTime(found.principal, clock.now());
        const known = { at, seen, ...found, refreshing: false };
        this.#known.set(print, known);
        return known;
      }
    } catch (thrown) {
      if (!(thrown instanceof GatehouseError)) throw unavailable(thrown);
      if (thrown.code === 'unauthenticated') {
        this.#known.delete(print);
        this.#refusals.set(print, { at: begun, error: thrown });
      }
      throw thrown;
    }
    const message = 'too much is being revoked at this moment to say who this is; try again';
    throw new GatehouseError('busy', message);
  }

  async #find(
    presented: Presented,
    print: string,
    isNew: boolean,
  ): Promise<Pick<Known, 'principal' | 'thumbprint'>> {
    const { standings } = this.#parts;
    if (isStaticKey(presented.credential ?? '')) {
      if (isNew && !this.#keys.take()) throw tooMany();
      return { principal: await standings.ofKey(print), thumbprint: null };
    }
    const { token, own } = await this.#verified(presented);
    // Only a token that is genuine comes this far.
    if (isNew && !this.#tokens.take()) throw tooMany();
    return { principal: await standings.ofToken(token, own), thumbprint: token.thumbprint };
  }

  async #verified(presented: Presented): Promise<{ token: VerifiedToken; own: boolean }> {
    for (const { own, verify } of this.#parts.verifiers) {
      const token = await verify(presented);
      if (token !== null) return { token, own };
    }
    const what = presented.credential === null ? 'certificates are' : 'issuer is';
    throw refusal(`its ${what} not trusted here (identity.issuers)`);
  }
}

function checkUnbound({ scheme }: Presented): void {
  if (scheme !== 'dpop') return;
  throw refusal('it is bound to no key; send it as `authorization: bearer`');
}

function checkTime({ credential }: Principal, now: number): void {
  if (now >= credential.expires) throw refusal('it has expired; get a fresh one');
}

function tooMany(): GatehouseError {
  const message = 'too many unknown credentials are shown at once; try again in a second';
  return new GatehouseError('over_limit', message);
}

function unavailable(cause: unknown): GatehouseError {
  const message = 'credentials cannot be checked while the database is away; try again shortly';
  return new GatehouseError('store_unavailable', message, { cause });
}
