import { createRoute } from '@hono/zod-openapi';
import type { PinnedModel } from '../../../registry/index.ts';
import { type Model, modelList } from '../../contract/index.ts';
import type { App } from '../environment.ts';
import type { ControlParts } from '../parts.ts';
import { problems } from '../problem.ts';
import { asJson } from './media.ts';

const list = createRoute({
  method: 'get',
  path: '/v1/models',
  summary: 'The exact model versions that may serve',
  responses: { 200: asJson(modelList, 'all of them'), ...problems() },
});

/** The model versions. */
export function modelRoutes(app: App, parts: ControlParts): void {
  app.openapi(list, (c) => c.json({ models: parts.models().map(copied) }, 200));
}

function copied(model: PinnedModel): Model {
  const { id, provider, floating } = model;
  const lists = { aliases: [...model.aliases], groups: [...model.groups] };
  return {
    id,
    provider,
    floating,
    ...lists,
    candidates: model.candidates.map((one) => ({ ...one })),
  };
}
