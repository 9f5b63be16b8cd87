import { z } from 'zod';

const kind = z.enum(['spiffe', 'oidc']).meta({
  description: '`spiffe`: SVIDs of a trust domain; `oidc`: tokens of an issuer (also ID-JAG)',
});

/** An identity elsewhere that stands for an agent. Times are ISO 8601, UTC. */
export const identity = z
  .object({
    id: z.string(),
    agent: z.string().meta({ description: "the agent's id" }),
    kind,
    issuer: z.string().meta({
      description: 'the trust domain, or the `iss` of tokens',
      example: 'https://token.actions.githubusercontent.com',
    }),
    subject: z.string().nullable().meta({
      description: 'the exact SPIFFE ID or `sub`; null where the claims alone decide',
    }),
    claims: z
      .record(z.string(), z.string())
      .meta({ description: 'claims that must be exactly so' }),
    created: z.iso.datetime(),
    revoked: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Identity' });

export const newIdentity = z
  .strictObject({
    kind,
    issuer: z.string().min(1).max(500).optional().meta({
      description: 'for `spiffe` it is the trust domain of the subject, and may be left out',
    }),
    subject: z.string().min(1).max(2048).nullable().default(null),
    claims: z.record(z.string().min(1).max(200), z.string().max(1000)).default({}),
  })
  .meta({ id: 'NewIdentity' });

export const identityList = z
  .object({ identities: z.array(identity) })
  .meta({ id: 'IdentityList' });

export type Identity = z.output<typeof identity>;
