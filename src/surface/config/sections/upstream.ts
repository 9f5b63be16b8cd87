import { z } from 'zod';
import { count, ms, secret } from './fields.ts';

/** One of `upstreams`. */
export const upstream = z.strictObject({
  kind: z
    .enum(['openai', 'anthropic', 'scripted'])
    .describe('the protocol it speaks; `scripted` answers from a file'),
  url: z
    .url()
    .optional()
    .describe(
      'its address. `openai`: a path, if there is one, stands for `/v1`, and `{model}` in it is replaced by the model; `anthropic`: a path stands before `/v1`',
    ),
  key: secret.optional(),
  auth: z
    .enum(['bearer', 'x-api-key', 'api-key'])
    .optional()
    .describe('how the key is sent; unset: `bearer`, for `anthropic` `x-api-key`'),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe('sent with every call, such as an organisation; never a credential'),
  query: z
    .record(z.string(), z.string())
    .default({})
    .describe("appended to every path, such as Azure's `api-version`"),
  allowPlainHttp: z
    .boolean()
    .default(false)
    .describe('permit `http://` off loopback, where the network itself is trusted'),
  connections: count(256).describe('connections at a time'),
  script: z.string().optional().describe('the replies of a `scripted` upstream: a YAML file'),
  timeouts: z
    .strictObject({
      connectMs: ms(5_000).describe('until the request is on a connection'),
      firstByteMs: ms(120_000).describe('from there to the first byte of the answer'),
      idleMs: ms(60_000).describe('between two pieces of the answer'),
      totalMs: ms(600_000).describe('the whole call, with its retries'),
    })
    .prefault({}),
  retries: z
    .strictObject({
      attempts: count(3, 10).describe('tries of one call, at most'),
      budgetRatio: z
        .number()
        .min(0)
        .max(1)
        .default(0.2)
        .describe('retries for each call over time, at most: 0.2 is one in five'),
    })
    .prefault({}),
  breaker: z
    .strictObject({
      failures: count(5).describe('failures in a row after which nothing is sent'),
      openMs: ms(15_000).describe('time until one call may try again'),
    })
    .prefault({}),
  maxAnswerBytes: count(32 * 1024 * 1024).describe('longest answer, in bytes'),
});
