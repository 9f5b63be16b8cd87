import { z } from 'zod';

/** What settings are made of. */
export const count = (initial: number, max?: number) => {
  const whole = z.number().int().min(1);
  return (max === undefined ? whole : whole.max(max)).default(initial);
};
export const ms = (initial: number) => count(initial, 86_400_000);
export const name = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._/-]{0,99}$/, 'use letters, digits and ._-/');
export const address = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'write HOST:PORT, such as 127.0.0.1:4100');

/** A secret is never written down here: it is named, and read from the environment or a file. */
export const secret = z
  .union(
    [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
    {
      error: 'a secret is not written here; write {env: NAME} or {file: PATH}',
    },
  )
  .describe('where it is: `{env: NAME}` or `{file: PATH}`');

/** How a control is bound. */
export const binding = {
  mode: z
    .enum(['enforce', 'observe'])
    .default('enforce')
    .describe('`enforce`: its verdict counts; `observe`: it is written down only'),
  timeoutMs: ms(1_000).describe('time for one judgement; later is a failure'),
  onFailure: z.enum(['deny', 'hold']).default('deny').describe('what a failure of it means'),
};
