import { anthropicError } from './anthropic-error.ts';
import type { Family } from './family.ts';

/** Anthropic's Messages API. */
export const anthropic: Family = {
  id: 'anthropic',
  errorBody: anthropicError,
  modelList: (models) => ({
    data: models.map(({ id, created }) => ({
      type: 'model',
      id,
      display_name: id,
      created_at: new Date((created ?? 0) * 1000).toISOString(),
    })),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  }),
};
