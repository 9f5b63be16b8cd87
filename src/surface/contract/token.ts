import { z } from 'zod';
import { publicJwk } from './jwk.ts';

/** A token to revoke. */
export const tokenRevocation = z
  .strictObject({
    expires: z.iso.datetime().optional().meta({
      description: 'when the token ends by itself, if that is known; kept for a year otherwise',
    }),
  })
  .meta({ id: 'TokenRevocation' });

/** A token that no longer counts, by its `jti`. Times are ISO 8601, UTC. */
export const revokedToken = z
  .object({ id: z.string(), revoked: z.iso.datetime(), expires: z.iso.datetime() })
  .meta({ id: 'RevokedToken' });

/** The keys that tokens of the token service verify with (RFC 7517). */
export const signingKeyList = z.object({ keys: z.array(publicJwk) }).meta({ id: 'SigningKeyList' });

export const rotatedKey = z
  .object({ id: z.string().meta({ description: 'the `kid` that signs from now on' }) })
  .meta({ id: 'RotatedKey' });

export type RevokedToken = z.output<typeof revokedToken>;
export type SigningKeyList = z.output<typeof signingKeyList>;
