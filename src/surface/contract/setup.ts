import { z } from 'zod';

/** Who the caller is to the control plane. Until people exist it is the holder of the setup token. */
export const setup = z
  .object({
    caller: z.literal('setup-token'),
    since: z.iso.datetime().meta({ description: 'when the token was made' }),
    agents: z.number().int(),
    models: z.number().int(),
    next: z.string().meta({ description: 'what to do next' }),
  })
  .meta({ id: 'Setup' });

/** A new setup token. The one before no longer counts. */
export const newSetupToken = z.object({ token: z.string() }).meta({ id: 'NewSetupToken' });

export type Setup = z.output<typeof setup>;
