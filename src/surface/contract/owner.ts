import { z } from 'zod';

/** A person answerable for agents. Times are ISO 8601, UTC. */
export const owner = z
  .object({
    name: z.string().meta({ example: 'ana@example.org' }),
    agents: z.number().int().meta({ description: 'how many agents are theirs' }),
    disabled: z.iso.datetime().nullable().meta({ description: 'all of their agents are stopped' }),
  })
  .meta({ id: 'Owner' });

export const ownerList = z.object({ owners: z.array(owner) }).meta({ id: 'OwnerList' });

export type Owner = z.output<typeof owner>;
