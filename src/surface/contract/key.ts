import { z } from 'zod';

/** An agent's bearer key, without its secret. Times are ISO 8601, UTC. */
export const key = z
  .object({
    id: z.string().meta({ example: 'key_5f2b8c1d9e0a4b7c6d3e' }),
    agent: z.string().meta({ description: "the agent's id" }),
    created: z.iso.datetime(),
    expires: z.iso.datetime(),
    revoked: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Key' });

/** A key as it is issued: the one time that its secret is shown. */
export const issuedKey = z
  .object({
    id: z.string(),
    agent: z.string().meta({ description: "the agent's name" }),
    secret: z.string().meta({ description: 'shown once; only its hash is kept' }),
    expires: z.iso.datetime(),
  })
  .meta({ id: 'IssuedKey' });

const day = 24 * 3600;

export const newKey = z
  .strictObject({
    expiresInSeconds: z
      .number()
      .int()
      .min(1)
      .max(90 * day, 'a key counts for 90 days at most')
      .default(day)
      .meta({ description: 'up to 90 days; a day unless told' }),
  })
  .meta({ id: 'NewKey' });

export const keyList = z.object({ keys: z.array(key) }).meta({ id: 'KeyList' });

export type Key = z.output<typeof key>;
export type IssuedKey = z.output<typeof issuedKey>;
export type NewKey = z.output<typeof newKey>;
