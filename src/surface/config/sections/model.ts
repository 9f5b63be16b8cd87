import { z } from 'zod';
import { count, name } from './fields.ts';

const price = z
  .strictObject({
    input: z.number().min(0).describe('US dollars per million tokens that go in'),
    output: z.number().min(0).describe('US dollars per million tokens that come out'),
    cachedInput: z
      .number()
      .min(0)
      .optional()
      .describe("for input that the provider has in its cache; unset: `input`'s"),
    writtenInput: z
      .number()
      .min(0)
      .optional()
      .describe("for input that the provider puts into its cache; unset: `input`'s"),
  })
  .describe('what it costs; without a price, a call under a quota of money is refused');

/** One of `models`. */
export const model = z.strictObject({
  id: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9._/@:-]{0,149}$/, 'write name@version')
    .describe('`name@version`: what callers ask for, policies speak of and the record holds'),
  upstream: name.describe('where it is served: a name under `upstreams`'),
  model: z.string().min(1).describe('the exact version as the provider names it'),
  aliases: z
    .array(z.string().min(1))
    .default([])
    .describe('further names that callers may use; the record says which version served'),
  fallbacks: z
    .array(z.string().min(1))
    .default([])
    .describe('ids to try in turn when its upstream is away; each must have all its groups'),
  groups: z
    .array(name)
    .default([])
    .describe('what it is for; policies say who may use a group, and no group is for nobody'),
  floating: z
    .boolean()
    .default(false)
    .describe('accept that the provider may move what `model` means; it is on the record'),
  maxOutput: count(16_384).describe('most tokens of an answer, where a call does not say'),
  price: price.optional(),
});
