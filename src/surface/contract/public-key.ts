import { z } from 'zod';
import { publicJwk } from './jwk.ts';

/** A public key of an agent. Times are ISO 8601, UTC. */
export const publicKey = z
  .object({
    id: z.string().meta({ description: 'RFC 7638 thumbprint: SHA-256, base64url' }),
    agent: z.string().meta({ description: "the agent's id" }),
    jwk: publicJwk,
    created: z.iso.datetime(),
    revoked: z.iso.datetime().nullable(),
  })
  .meta({ id: 'PublicKey' });

export const newPublicKey = z.strictObject({ jwk: publicJwk }).meta({ id: 'NewPublicKey' });

export const publicKeyList = z
  .object({ publicKeys: z.array(publicKey) })
  .meta({ id: 'PublicKeyList' });

export type PublicKey = z.output<typeof publicKey>;
