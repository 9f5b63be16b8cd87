import type { HttpBindings } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';

/** What every handler of the control plane finds in its context. */
export interface Environment {
  Bindings: HttpBindings;
}

export type App = OpenAPIHono<Environment>;
