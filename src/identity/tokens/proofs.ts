import { createHash } from 'node:crypto';
import { compactVerify, decodeProtectedHeader, type JWTPayload } from 'jose';
import { type Clock, GatehouseError } from '../../kernel/index.ts';
import type { Presented } from '../presented.ts';
import { asymmetric } from '../token-refusal.ts';
import { leewaySeconds } from './lifetime.ts';
import { ProofKeys } from './proof-key.ts';
import type { UsedOnce } from './used-once.ts';

/** What a proof is held against. */
export interface ProofOf {
  /** The `DPoP` header. */
  readonly proof: string;
  readonly method: string;
  /** As the caller should have addressed it; query and fragment do not count. */
  readonly url: string;
  /** The access token that comes with it; null where there is none yet. */
  readonly token: string | null;
}

/** Proofs of possession (RFC 9449). Each counts once, in all processes on the database. */
export interface Proofs {
  /**
   * Resolves if the caller proves that it holds the key that its token is bound to. `thumbprint` is
   * the token's `cnf.jkt`, `now` Unix time in milliseconds, the clock's by default. At most one query; none where it is
   * wrong or was seen here.
   *
   * @throws GatehouseError `unauthenticated`, `store_unavailable`.
   */
  check(presented: Presented, thumbprint: string, now?: number): Promise<void>;
  /** The thumbprint of the key that the proof is of (RFC 9449, section 4.3). Throws like `check`. */
  read(of: ProofOf): Promise<string>;
}

/** How old a proof may be, in seconds. */
const longestAge = 60;
const longestProof = 4_096;

export function openProofs(once: UsedOnce, clock: Clock): Proofs {
  const keys = new ProofKeys();

  async function read(of: ProofOf, now: number, bound: string | null): Promise<string> {
    const { payload, thumbprint } = await signed(of.proof, keys, bound);
    const { jti, until } = checked(payload, of, now);
    if (!(await once.use(['dpop', thumbprint, jti], until))) {
      throw refused('it was used before; make a new one for each request');
    }
    return thumbprint;
  }

  return {
    read: (of) => read(of, clock.now(), null),
    async check({ scheme, credential, proof, method, url }, thumbprint, now = clock.now()) {
      if (proof === null || credential === null) {
        throw refused(
          'the token is bound to a key and none came; send `authorization: DPoP TOKEN`',
        );
      }
      // RFC 9449, section 7.2: a bound token under another scheme is a stolen one.
      if (scheme !== 'dpop') throw refused('send the token as `authorization: DPoP TOKEN`');
      await read({ proof, method, url, token: credential }, now, thumbprint);
    },
  };
}

async function signed(proof: string, keys: ProofKeys, bound: string | null) {
  if (proof.length > longestProof) throw refused('it is too long');
  try {
    const { typ, alg = '', jwk } = decodeProtectedHeader(proof);
    if (typ !== 'dpop+jwt') throw refused('its `typ` is not `dpop+jwt`');
    if (!asymmetric.includes(alg))
      throw refused(`its \`alg\` is not one of ${asymmetric.join(', ')}`);
    const key = await keys.read(jwk, alg);
    if (key === null) throw refused('its `jwk` is no public key that fits its `alg`');
    // Before its signature: nobody makes us verify with whatever key they like.
    if (bound !== null && key.thumbprint !== bound) {
      throw refused('it is of another key than the token is bound to');
    }
    const { payload } = await compactVerify(proof, key.key, { algorithms: [...asymmetric] });
    return { payload: JSON.parse(decoder.decode(payload)) as unknown, thumbprint: key.thumbprint };
  } catch (cause) {
    if (cause instanceof GatehouseError) throw cause;
    throw refused('its signature is wrong, or it is no signed JWT', cause);
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function checked(payload: unknown, of: ProofOf, now: number): { jti: string; until: number } {
  if (typeof payload !== 'object' || payload === null) throw refused('its payload is no object');
  const { jti, iat, htm, htu, ath } = payload as JWTPayload &
    Record<'htm' | 'htu' | 'ath', unknown>;
  if (typeof jti !== 'string' || jti === '' || jti.length > 200)
    throw refused('its `jti` is no id');
  if (htm !== of.method) throw refused('its `htm` is another method');
  const asked = target(of.url);
  if (typeof htu !== 'string' || asked === null || target(htu) !== asked) {
    throw refused('its `htu` is another address than the configured one');
  }
  const second = now / 1000;
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw refused('its `iat` is no time');
  if (iat > second + leewaySeconds) throw refused('its `iat` is in the future');
  if (iat < second - longestAge) throw refused(`it is older than ${longestAge} s`);
  if (of.token !== null && ath !== digest(of.token)) {
    throw refused('its `ath` is not the digest of the token');
  }
  return { jti, until: (iat + longestAge + leewaySeconds) * 1000 };
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** RFC 3986 (6.2.2, 6.2.3): an address as it is compared, without query and fragment. */
function target(address: string): string | null {
  const url = URL.parse(address);
  return url === null ? null : `${url.protocol}//${url.host}${url.pathname}`;
}

function refused(why: string, cause?: unknown): GatehouseError {
  const message = `this proof of possession does not count: ${why} (RFC 9449)`;
  return new GatehouseError('unauthenticated', message, { cause });
}
