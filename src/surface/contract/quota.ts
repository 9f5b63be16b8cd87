import { z } from 'zod';

const of = z.enum(['agent', 'owner', 'tenant', 'model', 'everyone']);
const measure = z.enum(['requests', 'tokens', 'money', 'concurrency']);

/** How one quota of one holder stands. Amounts in `unit`. Times are ISO 8601, UTC. */
export const standing = z
  .object({
    quota: z.string().meta({ example: 'agent-daily' }),
    of,
    holder: z.string().meta({ example: 'support-bot' }),
    measure,
    used: z.number(),
    reserved: z.number().meta({ description: 'held for calls that are under way' }),
    limit: z.number(),
    unit: z.enum(['requests', 'tokens', 'USD', 'calls at a time']),
    ends: z.iso.datetime().nullable().meta({ description: 'when it begins anew; null: never' }),
  })
  .meta({ id: 'Standing' });

export const standingList = z
  .object({
    quotas: z.array(standing),
    next: z.string().nullable().meta({ description: '`after` of the next page, or null' }),
  })
  .meta({ id: 'StandingList' });

export const standingQuery = z.object({
  quota: z.string().min(1).max(200).optional().meta({ description: 'the id of one quota' }),
  of: of.optional(),
  holder: z.string().min(1).max(200).optional().meta({
    description: 'one agent, owner, tenant or model',
  }),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  after: z.string().max(1000).optional(),
});

export type Standing = z.output<typeof standing>;
export type StandingQuery = z.output<typeof standingQuery>;
