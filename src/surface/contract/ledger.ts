import { z } from 'zod';

/** Where the log stands: its name, verifier key (C2SP signed-note vkey), size and root (hex). */
export const logHead = z
  .object({
    origin: z.string(),
    key: z.string(),
    size: z.number().int(),
    root: z.string(),
    checkpoint: z.string(),
  })
  .meta({ id: 'LogHead' });

export type LogHead = z.output<typeof logHead>;
