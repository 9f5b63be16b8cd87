import { z } from 'zod';

const bytes = (initial: number) => z.number().int().min(1).default(initial);
const ms = (initial: number) => z.number().int().min(1).max(86_400_000).default(initial);
const name = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._/-]{0,99}$/, 'letters, digits, . _ - /');
const address = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'write HOST:PORT, such as 127.0.0.1:4100');

/** A secret is never written down here: it is named, and read from the environment or a file. */
const secret = z
  .union([z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })])
  .describe('where the secret is: {env: NAME} or {file: PATH}');

const tls = z.strictObject({ cert: z.string(), key: z.string() }).describe('PEM files');

const listener = (listen: string) => ({
  listen: address.default(listen).describe('HOST:PORT to listen on; port 0 picks a free one'),
  tls: tls.optional(),
  behindTlsProxy: z
    .boolean()
    .default(false)
    .describe('a proxy in front ends TLS; without it plain HTTP off loopback is refused'),
  hosts: z.array(z.string()).default([]).describe('further Host names to answer to'),
});

const gateway = z.strictObject({
  ...listener('127.0.0.1:4100'),
  bodyBytes: bytes(16 * 1024 * 1024).describe('largest request body'),
  headersMs: ms(10_000).describe('time for a client to send its headers'),
  requestMs: ms(60_000).describe('time for a client to send its whole request'),
  connections: z.number().int().min(1).default(10_000),
  padStreams: z.boolean().default(true).describe('hide token lengths of streams by padding'),
  holdBackChars: z
    .number()
    .int()
    .min(1024)
    .default(1_048_576)
    .describe('most text of one stream that may wait for a control'),
});

const control = z.strictObject({
  ...listener('127.0.0.1:4101'),
  publicUrl: z.url().optional().describe('how people reach it, for links in errors'),
  publicLog: z.boolean().default(false).describe('serve the log (tiles, checkpoint) to anyone'),
  openMetrics: z.boolean().default(false).describe('serve /metrics without a token'),
});

const binding = {
  mode: z.enum(['enforce', 'observe']).default('enforce'),
  timeoutMs: ms(1_000),
  onFailure: z.enum(['deny', 'hold']).default('deny'),
};

const guard = z.strictObject({
  size: z
    .strictObject({
      ...binding,
      bytes: bytes(8 * 1024 * 1024),
      messages: bytes(2_000),
      depth: bytes(64),
      tools: bytes(256),
    })
    .prefault({}),
  secrets: z.strictObject(binding).prefault({}),
});

const upstream = z.strictObject({
  kind: z.enum(['openai', 'anthropic', 'scripted']),
  url: z.url().optional().describe('base address, without /v1'),
  key: secret.optional(),
  auth: z.enum(['bearer', 'x-api-key', 'api-key']).optional(),
  headers: z.record(z.string(), z.string()).default({}),
  query: z.record(z.string(), z.string()).default({}),
  script: z.string().optional().describe('replies of a scripted upstream: a YAML file'),
  timeouts: z
    .strictObject({
      connectMs: ms(5_000),
      firstByteMs: ms(120_000),
      idleMs: ms(60_000),
      totalMs: ms(600_000),
    })
    .prefault({}),
  retries: z
    .strictObject({
      attempts: z.number().int().min(1).max(10).default(3).describe('tries of one call, at most'),
      budgetRatio: z.number().min(0).max(1).default(0.2).describe('retries per call, over time'),
    })
    .prefault({}),
  breaker: z
    .strictObject({ failures: z.number().int().min(1).default(5), openMs: ms(15_000) })
    .prefault({}),
  maxAnswerBytes: bytes(32 * 1024 * 1024),
});

const model = z.strictObject({
  id: name.or(z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._/@:-]{0,149}$/)).describe('name@version'),
  upstream: name,
  model: z.string().min(1).describe('the exact version as the provider names it'),
  aliases: z.array(z.string().min(1)).default([]),
  fallbacks: z.array(z.string().min(1)).default([]).describe('ids to try when it is away'),
  groups: z.array(name).default([]).describe('groups that policies can grant'),
  floating: z.boolean().default(false).describe('the provider may move what this name means'),
});

const issuer = z.strictObject({
  issuer: z.url(),
  audience: z.string().min(1),
  jwks: z.string().describe('file with the JWK set'),
  agentClaim: z.enum(['client_id', 'sub']).default('client_id'),
});

/** The whole configuration of Gatehouse, `gatehouse.yaml`. */
export const configSchema = z.strictObject({
  data: z.string().default('.gatehouse/data').describe('folder of database, keys and state'),
  store: z
    .strictObject({ url: z.string().optional(), poolSize: z.number().int().min(2).default(8) })
    .prefault({})
    .describe('url: a PostgreSQL server; without it an embedded one is started'),
  ledger: z
    .strictObject({
      origin: z
        .string()
        .regex(/^[^\s+]{1,200}$/, 'no spaces and no plus sign (C2SP signed-note)')
        .default('gatehouse.local/log'),
      durability: z.enum(['release', 'before-dispatch']).default('release'),
    })
    .prefault({}),
  gateway: gateway.prefault({}),
  control: control.prefault({}),
  upstreams: z.record(name, upstream).default({}),
  models: z.array(model).default([]),
  identity: z.strictObject({ issuers: z.array(issuer).default([]) }).prefault({}),
  policy: z
    .strictObject({
      folder: z.string().default('policies'),
      cedar: z.strictObject(binding).prefault({}),
    })
    .prefault({}),
  registry: z.strictObject({ pin: z.strictObject(binding).prefault({}) }).prefault({}),
  guard: guard.prefault({}),
  telemetry: z
    .strictObject({
      otlp: z.url().optional().describe('OTLP/HTTP endpoint for traces'),
      headers: z.record(z.string(), z.string()).default({}),
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
