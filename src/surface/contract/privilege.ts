import { z } from 'zod';

const count = z.number().int().min(0);

/** What an agent may do with one resource, beside what it did. Times are ISO 8601, UTC. */
export const privilege = z
  .object({
    action: z.enum(['call_model', 'call_tool']),
    resource: z.string(),
    listed: z.boolean().meta({ description: 'false: it is no longer listed' }),
    may: z.boolean().nullable().meta({ description: 'null: nobody can say, it is not listed' }),
    by: z.array(z.string()).meta({ description: 'the policies that decide; none: by default' }),
    reason: z.string().nullable().meta({ description: 'why it may not' }),
    calls: count.meta({ description: 'that passed, ever' }),
    recent: count.meta({ description: 'that passed, since `since`' }),
    refused: count.meta({ description: 'that did not pass, since `since`' }),
    first: z.iso.datetime().nullable(),
    last: z.iso.datetime().nullable(),
    unused: z.boolean().meta({
      description: 'granted, and not used since `since`; never of an agent registered after that',
    }),
  })
  .meta({ id: 'Privilege' });

export const privileges = z
  .object({
    agent: z.string(),
    set: z.string().meta({ description: 'hash of the policies in force' }),
    since: z.iso.datetime().meta({ description: '30 days ago, at midnight UTC' }),
    assumed: z.string().meta({ description: 'the plain call that the policies were asked about' }),
    privileges: z.array(privilege),
    unused: count,
    narrower: z
      .string()
      .nullable()
      .meta({ description: 'a policy that takes away what is not used; null: nothing is unused' }),
  })
  .meta({ id: 'Privileges' });

export type Privilege = z.output<typeof privilege>;
export type Privileges = z.output<typeof privileges>;
