import { z } from 'zod';
import { binding, name } from './sections/fields.ts';
import { guard } from './sections/guard.ts';
import { identity } from './sections/identity.ts';
import { model } from './sections/model.ts';
import { control, gateway } from './sections/planes.ts';
import { policy } from './sections/policy.ts';
import { upstream } from './sections/upstream.ts';

/** The whole configuration of Gatehouse, `gatehouse.yaml`. */
export const configSchema = z.strictObject({
  data: z
    .string()
    .default('.gatehouse/data')
    .describe('folder of database, keys and state; relative paths start at the configuration file'),
  store: z
    .strictObject({
      url: z
        .string()
        .optional()
        .describe('a PostgreSQL server, 15 or later; unset: an embedded one is started'),
      poolSize: z.number().int().min(2).default(8).describe('connections to it'),
    })
    .prefault({}),
  ledger: z
    .strictObject({
      origin: z
        .string()
        .regex(/^[^\s+]{1,200}$/, 'no spaces and no plus sign (C2SP signed-note)')
        .default('gatehouse.local/log')
        .describe('the name of the log, signed into every checkpoint; fixed once the log exists'),
      durability: z
        .enum(['release', 'before-dispatch'])
        .default('release')
        .describe(
          '`release`: a decision is durable before its answer is released; `before-dispatch`: also before the model is called',
        ),
    })
    .prefault({}),
  gateway: gateway.prefault({}),
  control: control.prefault({}),
  upstreams: z.record(name, upstream).default({}),
  models: z.array(model).default([]),
  identity: identity.prefault({}),
  policy: policy.prefault({}),
  // Without a pin there is nowhere to send a call: this control cannot merely observe.
  registry: z
    .strictObject({ pin: z.strictObject(binding).omit({ mode: true }).prefault({}) })
    .prefault({}),
  guard: guard.prefault({}),
  telemetry: z
    .strictObject({
      otlp: z.url().optional().describe('OTLP/HTTP endpoint for traces; unset: none are sent'),
      headers: z.record(z.string(), z.string()).default({}).describe('sent with every export'),
    })
    .prefault({}),
});

export type Config = z.output<typeof configSchema>;
export type UpstreamConfig = Config['upstreams'][string];

/** The published JSON Schema (draft 2020-12) of `gatehouse.yaml`. */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(configSchema, { io: 'input' });
  return {
    $id: 'https://gatehouse.local/gatehouse.schema.json',
    title: 'gatehouse.yaml',
    ...schema,
  };
}
