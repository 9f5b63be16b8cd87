import { type Clock, GatehouseError, type Principal, Recent } from '../kernel/index.ts';
import type { Agent } from './agent.ts';
import type { AgentRecords } from './agent-records.ts';

import { fingerprint, isStaticKey, keyPrefix } from './static-key.ts';
import type { TokenVerifier, VerifiedToken } from './token-verifier.ts';

interface IdentifierParts {
  readonly records: AgentRecords;
  readonly clock: Clock;
  readonly verify: TokenVerifier;
  readonly cacheMs: number;
}

/** What was found out, and when the asking began. */
interface Known {
  readonly at: number;
  readonly principal: Principal;
  readonly token: VerifiedToken | null;
  refreshing: boolean;
}

interface Refused {
  readonly at: number;
  readonly error: GatehouseError;
}

const longestCredential = 8192;
const mostKnown = 20_000;
const mostRefused = 4_000;

/**
 * Finds out who a credential stands for and remembers it for `cacheMs`. Only fingerprints are kept,
 * never credentials.
 *
 * INVARIANT: an answer is never older than `cacheMs`, counted from before the database was asked.
 */
export class Identifier {
  readonly #parts: IdentifierParts;
  readonly #known = new Recent<Known>(mostKnown);
  // Apart from the known, so that garbage cannot push out those who are in use.
  readonly #refusals = new Recent<Refused>(mostRefused);
  readonly #pending = new Map<string, Promise<Principal>>();
  #generation = 0;

  constructor(parts: IdentifierParts) {
    this.#parts = parts;
  }

  /** At once for what is known; otherwise a promise. Throws or rejects with a GatehouseError. */
  identify(credential: string | null): Principal | Promise<Principal> {
    const text = checked(credential);
    const print = fingerprint(text);
    const now = this.#parts.clock.now();
    const found = this.#known.get(print);
    if (found !== undefined && this.#fresh(found.at, now)) {
      checkTime(found.principal, now);
      if (now - found.at > this.#parts.cacheMs / 2) this.#refresh(found, text, print);
      return found.principal;
    }
    const refused = this.#refusals.get(print);
    if (refused !== undefined && this.#fresh(refused.at, now)) throw refused.error;
    return this.#pending.get(print) ?? this.#ask(text, print, found?.token ?? null);
  }

  /** Forgets every answer: what ended here ends at once. */
  forget(): void {
    this.#generation += 1;
    this.#known.clear();
    this.#pending.clear();
  }

  #fresh(at: number, now: number): boolean {
    return now >= at && now - at < this.#parts.cacheMs;
  }

  // Ahead of time, so that a busy agent never waits for the database.
  #refresh(found: Known, text: string, print: string): void {
    if (found.refreshing) return;
    found.refreshing = true;
    this.#ask(text, print, found.token).catch(() => {
      found.refreshing = false;
    });
  }

  #ask(text: string, print: string, token: VerifiedToken | null): Promise<Principal> {
    const answer = this.#find(text, print, token).finally(() => {
      if (this.#pending.get(print) === answer) this.#pending.delete(print);
    });
    this.#pending.set(print, answer);
    return answer;
  }

  async #find(text: string, print: string, verified: VerifiedToken | null): Promise<Principal> {
    const { clock, verify } = this.#parts;
    const at = clock.now();
    const begun = this.#generation;
    try {
      const token = isStaticKey(text) ? null : (verified ?? (await verify(text)));
      const principal = await this.#lookup(print, token);
      checkTime(principal, clock.now());
      // What was forgotten meanwhile may rest on what has ended since.
      if (begun === this.#generation) {
        this.#known.set(print, { at, principal, token, refreshing: false });
      }
      return principal;
    } catch (thrown) {
      if (!(thrown instanceof GatehouseError)) throw unavailable(thrown);
      if (thrown.code === 'unauthenticated') {
        this.#known.delete(print);
        this.#refusals.set(print, { at, error: thrown });
      }
      throw thrown;
    }
  }

  async #lookup(print: string, token: VerifiedToken | null): Promise<Principal> {
    const { records } = this.#parts;
    if (token !== null) {
      const agent = await records.agentByName(token.agent);
      if (agent === null) throw refusal('it stands for an agent that is not registered here');
      checkAgent(agent);
      const { id, expires, actors } = token;
      return principalOf(agent, { kind: 'at+jwt', id, expires }, actors);
    }
    const holder = await records.holderOf(print);
    if (holder === null) throw refusal('it is unknown; copy the key again or have one issued');
    if (holder.key.revoked !== null) throw refusal('it is revoked; have a new key issued');
    checkAgent(holder.agent);
    const { id, expires } = holder.key;
    return principalOf(holder.agent, { kind: 'static-key', id, expires }, []);
  }
}

function checked(credential: string | null): string {
  if (credential === null || credential === '') {
    const message =
      'no credential; send `authorization: bearer KEY` or `x-api-key: KEY` ' +
      '(a key comes from gatehouse agent key)';
    throw new GatehouseError('unauthenticated', message);
  }
  if (credential.length > longestCredential) throw refusal('it is too long');
  if (isStaticKey(credential)) return credential;
  if (credential.startsWith(keyPrefix)) {
    throw refusal('the key is incomplete or mistyped; copy it again');
  }
  if (credential.split('.', 4).length !== 3) {
    throw refusal(`it is neither a key (\`${keyPrefix}…\`) nor a token (at+jwt)`);
  }
  return credential;
}

function checkAgent(agent: Agent): void {
  if (agent.disabled === null) return;
  throw refusal(`agent \`${agent.name}\` is disabled; ask whoever is answerable for it`);
}

function checkTime({ credential }: Principal, now: number): void {
  if (now >= credential.expires) throw refusal('it has expired; get a fresh one');
}

function principalOf(
  { id, name, owner, tenant }: Agent,
  credential: Principal['credential'],
  actors: Principal['actors'],
): Principal {
  Object.freeze(credential);
  return Object.freeze({ kind: 'agent', id, name, owner, tenant, credential, actors });
}

function refusal(why: string): GatehouseError {
  return new GatehouseError('unauthenticated', `this credential does not count: ${why}`);
}

function unavailable(cause: unknown): GatehouseError {
  const message = 'credentials cannot be checked while the database is away; try again shortly';
  return new GatehouseError('store_unavailable', message, { cause });
}
