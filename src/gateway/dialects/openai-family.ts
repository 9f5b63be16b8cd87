import type { Family } from './family.ts';
import { openaiError } from './openai-error.ts';

/** OpenAI and the many servers that speak its protocol. */
export const openai: Family = {
  id: 'openai',
  errorBody: (error) => ({ error: openaiError(error) }),
  modelList: (models) => ({
    object: 'list',
    data: models.map(({ id, provider, created }) => ({
      id,
      object: 'model',
      created: created ?? 0,
      owned_by: provider,
    })),
  }),
};
