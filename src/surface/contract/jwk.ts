import { z } from 'zod';

/** Members of a JWK that only its owner may know (RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1). */
export const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const;

/** True for a JWK that could sign. */
export function isSecretJwk(jwk: Readonly<Record<string, unknown>>): boolean {
  return secretMembers.some((member) => member in jwk);
}

const told =
  'holds a secret key, which was not kept; send the public half alone, and make a new pair since this one has travelled';

/**
 * A public key as a JWK (RFC 7517).
 *
 * INVARIANT: a key with a secret part ends at the contract: no code behind it sees one.
 */
export const publicJwk = z
  .record(z.string().max(100), z.unknown())
  .refine((jwk) => !isSecretJwk(jwk), told)
  .meta({
    id: 'PublicJwk',
    description: 'RFC 7517; the public half only',
    example: { kty: 'EC', crv: 'P-256', x: 'f83OJ3D2…', y: 'x_FEzRu9…' },
  });
