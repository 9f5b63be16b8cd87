import { z } from 'zod';
import { holders, measures, periods } from '../../../policy/index.ts';
import { binding, count, name, secret } from './fields.ts';

const texts = z.array(z.string().min(1)).min(1);

const quota = z
  .strictObject({
    id: name.describe('its name, in refusals and in the record'),
    of: z.enum(holders).describe('whose use is summed: each one has the limit for itself'),
    measure: z.enum(measures).describe('what is counted; `money` is US dollars'),
    limit: z.number().min(0).describe('how much of it; 0 blocks'),
    per: z.enum(periods).optional().describe('the calendar window in UTC; `concurrency` has none'),
    only: z
      .strictObject({
        agents: texts.optional().describe('by name'),
        owners: texts.optional().describe('as they are registered'),
        tenants: texts.optional().describe('by name'),
        models: texts.optional().describe('exact versions'),
        groups: texts.optional().describe('groups of models'),
      })
      .optional()
      .describe('whom and what it is for; unset: everyone and everything'),
  })
  .refine(({ measure, per }) => (measure === 'concurrency') === (per === undefined), {
    error: 'give `per`, but for `concurrency`, which has no window',
  });

const rates = z.strictObject({
  redis: secret
    .optional()
    .describe('where the address of a Redis or Valkey server is, which then counts requests'),
  whenAway: z
    .enum(['deny', 'share'])
    .default('deny')
    .describe(
      'while it is away: `deny` all calls under a quota of requests, or let each process give out its `share`',
    ),
  processes: count(1).describe('how many gateways share, for `whenAway: share`'),
});

/** `policy`: who may do what, and how much of it. */
export const policy = z.strictObject({
  folder: z.string().default('policies').describe('folder of the Cedar policies'),
  cedar: z.strictObject(binding).prefault({}),
  feedback: z.strictObject(binding).prefault({}),
  quotas: z.array(quota).default([]).describe('how much may be used; see docs/quotas.md'),
  rates: rates.prefault({}),
  // What a quota needs is counted or refused: this control cannot merely observe.
  rate: z.strictObject(binding).omit({ mode: true }).prefault({}),
});
