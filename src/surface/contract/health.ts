import { z } from 'zod';

export const condition = z.enum(['ok', 'degraded', 'down']).meta({ id: 'Condition' });

/** What anyone may know: whether it works. */
export const liveness = z.object({ status: condition }).meta({ id: 'Liveness' });

export const partHealth = z
  .object({ part: z.string(), status: condition, detail: z.string() })
  .meta({ id: 'PartHealth' });

/** What an operator may know. Times are ISO 8601, UTC. */
export const health = z
  .object({
    status: condition,
    version: z.string(),
    started: z.iso.datetime(),
    parts: z.array(partHealth),
  })
  .meta({ id: 'Health' });

export type Condition = z.output<typeof condition>;
export type PartHealth = z.output<typeof partHealth>;
export type Health = z.output<typeof health>;
