import { jwtVerify, SignJWT } from 'jose';
import { type Clock, GatehouseError } from '../../kernel/index.ts';
import { tokenRefused, whyRefused } from '../token-refusal.ts';
import { type AccessToken, claimsOf, tokenOf } from './access-token.ts';
import { leewaySeconds, longestSeconds } from './lifetime.ts';
import type { SigningKeys } from './signing-keys.ts';

export interface MintOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: SigningKeys;
  readonly clock: Clock;
}

/** Writes tokens of our own, and reads them back. */
export interface Mint {
  /** Signs. @throws GatehouseError `store_unavailable`. */
  sign(token: AccessToken): Promise<string>;
  /**
   * The token, if it is ours and counts now: signature, type, issuer, audience, times. Nothing is
   * held against the register. @throws GatehouseError `unauthenticated`, `store_unavailable`.
   */
  verify(text: string): Promise<AccessToken>;
}

const algorithms = ['ES256'];
const required = ['iss', 'aud', 'exp', 'iat', 'sub', 'client_id', 'jti'];

export function openMint({ issuer, audience, keys, clock }: MintOptions): Mint {
  async function claims(text: string) {
    try {
      const key = async ({ kid = '' }: { kid?: string }) => {
        const found = await keys.verifying(kid);
        if (found === null) throw tokenRefused('it is signed with a key that does not count now');
        return found.open;
      };
      const options = { algorithms, typ: 'at+jwt', issuer, audience, requiredClaims: required };
      const times = { clockTolerance: leewaySeconds, currentDate: new Date(clock.now()) };
      return (await jwtVerify(text, key, { ...options, ...times })).payload;
    } catch (cause) {
      if (cause instanceof GatehouseError) throw cause;
      throw tokenRefused(whyRefused(cause, algorithms), cause);
    }
  }

  return {
    async sign(token) {
      const { id, secret } = await keys.current();
      return new SignJWT(claimsOf(token, issuer, audience))
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: id })
        .sign(secret);
    },
    async verify(text) {
      const token = tokenOf(await claims(text));
      if (token === null) throw tokenRefused('its claims are none that this service writes');
      const { issued, expires } = token;
      if (issued > clock.now() / 1000 + leewaySeconds) {
        throw tokenRefused('it is issued in the future');
      }
      if (expires - issued > longestSeconds) {
        throw tokenRefused(`it lives longer than ${longestSeconds} s; ask for a shorter one`);
      }
      return token;
    },
  };
}
