import { z } from 'zod';

/** Whose error it is: the caller's, the operation's, or a defect of Gatehouse. */
export const errorKind = z.enum(['user', 'operational', 'unexpected']);

/** The shape of every error of the control plane. `code` is stable; `message` is for people. */
export const errorAnswer = z
  .object({
    error: z.object({
      code: z.string().meta({ example: 'not_found' }),
      kind: errorKind,
      message: z.string().meta({ example: 'no agent is named `support-bot`; see `/v1/agents`' }),
      trace: z.string().optional(),
    }),
  })
  .meta({ id: 'Error', description: 'what went wrong, whose it is, and what to do next' });

export type ErrorAnswer = z.output<typeof errorAnswer>;
