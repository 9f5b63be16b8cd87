import { decodeJwt, type JSONWebKeySet } from 'jose';
import type { Kysely } from 'kysely';
import { type Clock, GatehouseError } from '../../kernel/index.ts';
import type { Kms, Tables } from '../../store/index.ts';
import type { Verifier } from '../verifier.ts';
import { verifiedOf } from './access-token.ts';
import { clientAuthentication, type Federated } from './clients.ts';
import { endpoints } from './endpoints.ts';
import type { TokenRequest } from './form.ts';
import type { VerifyIdJag } from './id-jag.ts';
import type { Prepared } from './issue.ts';
import { openMint } from './mint.ts';
import { openProofs, type Proofs } from './proofs.ts';
import type { Revoke } from './revocation.ts';
import { SigningKeys } from './signing-keys.ts';
import { openStanding } from './standing.ts';
import { openUsedOnce } from './used-once.ts';

export interface TokenServiceOptions {
  readonly db: Kysely<Tables>;
  readonly kms: Kms;
  readonly clock: Clock;
  readonly random: (size: number) => Uint8Array;
  /**
   * Where callers reach the product, such as `https://gatehouse.example`: `iss` of its tokens, and
   * what every `htu` and `aud` is held against. Never taken from a Host header.
   */
  readonly issuer: string;
  /** `aud` of its tokens. */
  readonly audience: string;
  /** Told what an operator should know, in lines. */
  readonly log: (line: string) => void;
  /** Ends a token that its agent revokes. */
  readonly revoke: Revoke;
  /** Verifies clients by identities from elsewhere. Absent: there are none. */
  readonly federated?: Federated;
  /** Verifies assertions of persons. Absent: there are none. */
  readonly verifyIdJag?: VerifyIdJag;
}

/** The authorization server of the product (RFC 6749): it writes agents' tokens. */
export interface TokenService {
  readonly issuer: string;
  /** True for a path that `prepare` answers. */
  serves(path: string): boolean;
  /**
   * Answers a request. A token is only prepared: decide on `principal`, then `release` it or `refuse`.
   * An answer with `defect` is one that the operator should hear of; it rejects for nothing else than
   * a path that it does not serve (`not_found`).
   */
  prepare(request: TokenRequest): Promise<Prepared>;
  /** Of its own tokens: signature, type, issuer, audience, times. Null for those of others. */
  readonly verifier: Verifier;
  /** Proofs of possession, at this endpoint and at every other. */
  readonly proofs: Proofs;
  /** The keys that verify now (RFC 7517). */
  jwks(): Promise<JSONWebKeySet>;
  /** Puts a new signing key in use. Tokens of the old one count until they end. Answers with its id. */
  rotate(): Promise<string>;
  /** Stops the sweeping. */
  close(): void;
}

const sweepMs = 60_000;

/** @throws GatehouseError `bad_config` for an issuer that is no origin, or an empty audience. */
export function openTokenService(options: TokenServiceOptions): TokenService {
  checkConfig(options);
  const { db, kms, clock, random, issuer, audience, log } = options;
  const keys = new SigningKeys({ db, kms, clock, random, log });
  const mint = openMint({ issuer, audience, keys, clock });
  const standing = openStanding(db);
  const once = openUsedOnce(db);
  const proofs = openProofs(once, clock);
  const { federated = null, verifyIdJag = null, revoke } = options;
  const authenticate = clientAuthentication({ issuer, standing, once, clock, federated });
  const parts = { issuer, audience, keys, mint, standing, once, clock, random };
  const served = endpoints({ ...parts, proofs, authenticate, verifyIdJag, revoke });
  const stop = sweeping(clock, log, async () => {
    const now = clock.now();
    await once.sweep(now);
    await keys.sweep(now);
    await db
      .deleteFrom('revoked_token')
      .where('expires', '<', new Date(now - sweepMs))
      .execute();
  });
  return {
    issuer,
    proofs,
    serves: (path) => served.has(path),
    async prepare(request) {
      const endpoint = served.get(request.path);
      if (endpoint !== undefined) return endpoint(request);
      throw new GatehouseError('not_found', 'the token service has no such endpoint');
    },
    verifier: {
      own: true,
      async verify({ credential }) {
        if (credential === null || issuerOf(credential) !== issuer) return null;
        return verifiedOf(await mint.verify(credential));
      },
    },
    jwks: () => keys.published(),
    rotate: () => keys.rotate(),
    close: stop,
  };
}

// Unverified: it only says who is to verify it.
function issuerOf(credential: string): string | null {
  try {
    return decodeJwt(credential).iss ?? null;
  } catch {
    return null;
  }
}

function checkConfig({ issuer, audience }: TokenServiceOptions): void {
  const url = URL.parse(issuer);
  if (url === null || url.origin !== issuer || !/^https?:$/.test(url.protocol)) {
    const message = `the issuer \`${issuer}\` is no origin; write it as \`https://gatehouse.example\``;
    throw new GatehouseError('bad_config', message);
  }
  if (audience === '') throw new GatehouseError('bad_config', 'the audience of tokens is empty');
}

/** Runs now and then until it is stopped. A run that fails is tried again the next time. */
function sweeping(clock: Clock, log: (line: string) => void, sweep: () => Promise<void>) {
  let stopped = false;
  let cancel = clock.after(sweepMs, run);
  function run(): void {
    sweep()
      .catch((error: Error) => log(`what has expired could not be removed: ${error.message}`))
      .finally(() => {
        if (!stopped) cancel = clock.after(sweepMs, run);
      });
  }
  return () => {
    stopped = true;
    cancel();
  };
}
