import { type Clock, type GatehouseError, toGatehouseError } from '../../kernel/index.ts';
import type { Random } from './signed.ts';
import type { IssuedToken } from './token-endpoint.ts';

/** A token that always counts, without anybody waiting for it. */
export interface Credentials {
  /**
   * The token to send now. Waits only when none counts.
   *
   * @throws GatehouseError the last failure, while none counts and the next try is not due.
   */
  token(): Promise<IssuedToken>;
  /** Another token in place of one that was refused, or null if there is none to be had now. */
  instead(refused: IssuedToken): Promise<IssuedToken | null>;
  /** Resolves when no renewal is under way. */
  settled(): Promise<void>;
  close(): void;
}

export interface CredentialParts {
  readonly issue: () => Promise<IssuedToken>;
  readonly clock: Clock;
  readonly random: Random;
  /** Told when renewals begin to fail, and when they work again. */
  readonly log: (line: string) => void;
}

// A third of its life is left to try again in.
const renewAfter = 2 / 3;
// What is on its way must arrive before the token ends.
const marginMs = 2_000;
const firstPauseMs = 1_000;
const longestPauseMs = 15_000;
// A token refused this young is not refused for its age: a new one would be refused as well.
const youngMs = 5_000;

/**
 * Obtains a token and keeps a fresh one at hand: renews ahead of time, one request at a time, and
 * after failures pauses longer each time, while the old token goes on counting.
 *
 * @throws GatehouseError when there is no first token.
 */
export async function openCredentials(parts: CredentialParts): Promise<Credentials> {
  const renewal = new Renewal(parts);
  await renewal.renew();
  return renewal;
}

class Renewal implements Credentials {
  readonly #parts: CredentialParts;
  #current: IssuedToken | null = null;
  #underWay: Promise<IssuedToken> | null = null;
  #failed: { readonly error: GatehouseError; readonly until: number } | null = null;
  #pauseMs = firstPauseMs;
  #cancel: () => void = () => {};
  #closed = false;

  constructor(parts: CredentialParts) {
    this.#parts = parts;
  }

  async token(): Promise<IssuedToken> {
    const now = this.#parts.clock.now();
    if (this.#current !== null && now < this.#current.expires - marginMs) return this.#current;
    // A machine that slept wakes up here: its timers did not count.
    if (this.#failed !== null && now < this.#failed.until) throw this.#failed.error;
    return this.renew();
  }

  async instead(refused: IssuedToken): Promise<IssuedToken | null> {
    if (this.#current !== refused) return this.token().catch(() => null);
    const now = this.#parts.clock.now();
    const young = now - refused.issued < youngMs;
    if (young || (this.#failed !== null && now < this.#failed.until)) return null;
    return this.renew().catch(() => null);
  }

  /** INVARIANT: one request for a token at a time; who comes meanwhile shares its outcome. */
  renew(): Promise<IssuedToken> {
    this.#underWay ??= this.#asked().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  async settled(): Promise<void> {
    await this.#underWay?.catch(() => {});
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  async #asked(): Promise<IssuedToken> {
    try {
      const token = await this.#parts.issue();
      if (this.#failed !== null) this.#parts.log('the gateway gives tokens again');
      this.#current = token;
      this.#failed = null;
      this.#pauseMs = firstPauseMs;
      this.#due(token.issued + (token.expires - token.issued) * renewAfter);
      return token;
    } catch (thrown) {
      throw this.#failure(toGatehouseError(thrown));
    }
  }

  #failure(error: GatehouseError): GatehouseError {
    const { clock, random, log } = this.#parts;
    if (this.#failed === null && this.#current !== null) log(error.message);
    // Between half of the pause and all of it, so that many runs do not ask in step.
    const [byte = 0] = random(1);
    const until = clock.now() + this.#pauseMs * (0.5 + byte / 512);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
    this.#failed = { error, until };
    if (this.#current !== null) this.#due(until);
    return error;
  }

  #due(at: number): void {
    this.#cancel();
    if (this.#closed) return;
    const { clock } = this.#parts;
    this.#cancel = clock.after(Math.max(0, at - clock.now()), () => {
      this.renew().catch(() => {});
    });
  }
}
