import { z } from 'zod';

/** An exact model version that may serve, and where. */
export const model = z
  .object({
    id: z.string().meta({ example: 'gpt-x@2026-05' }),
    aliases: z.array(z.string()),
    groups: z.array(z.string()),
    provider: z.string().meta({ example: 'openai' }),
    candidates: z
      .array(z.object({ id: z.string(), upstream: z.string(), model: z.string() }))
      .meta({ description: 'where it is served, and what serves when that is away, in order' }),
    floating: z.boolean().meta({ description: 'the provider may move what this name means' }),
  })
  .meta({ id: 'Model' });

export const modelList = z.object({ models: z.array(model) }).meta({ id: 'ModelList' });

export type Model = z.output<typeof model>;
