import { GatehouseError } from '../kernel/index.ts';

/**
 * Asymmetric signatures only: a symmetric one could be forged by whoever may verify it. Never `none`.
 */
export const asymmetric: readonly string[] = [
  'EdDSA',
  'Ed25519',
  'ES256',
  'ES384',
  'RS256',
  'PS256',
];

/** The error of a token that does not count. */
export function tokenRefused(why: string, cause?: unknown): GatehouseError {
  return new GatehouseError('unauthenticated', `this token does not count: ${why}`, { cause });
}

/** Why jose refused a JWT: its codes, told in our words; its messages may quote the token. */
export function whyRefused(cause: unknown, algorithms: readonly string[]): string {
  const { code = '', claim = '' } = cause as { code?: string; claim?: string };
  switch (code) {
    case 'ERR_JWT_EXPIRED':
      return 'it has expired; get a fresh one';
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      return `its \`${claim}\` does not fit`;
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
      return `its algorithm is not one of ${algorithms.join(', ')}`;
    case 'ERR_JWKS_NO_MATCHING_KEY':
      return 'it is signed with a key that is not in the JWK set of its issuer';
    case 'ERR_JWKS_MULTIPLE_MATCHING_KEYS':
      return 'several keys of its issuer fit; set `kid`';
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
      return 'its signature is wrong';
    default:
      return 'it is malformed';
  }
}
