import { z } from 'zod';

const count = (initial: number, max?: number) => {
  const whole = z.number().int().min(1);
  return (max === undefined ? whole : whole.max(max)).default(initial);
};
const ms = (initial: number) => count(initial, 86_400_000);
const name = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._/-]{0,99}$/, 'use letters, digits and ._-/');
const address = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'write HOST:PORT, such as 127.0.0.1:4100');

/** A secret is never written down here: it is named, and read from the environment or a file. */
const secret = z
  .union(
    [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
    {
      error: 'a secret is not written here; write {env: NAME} or {file: PATH}',
    },
  )
  .describe('where the API key is: `{env: NAME}` or `{file: PATH}`');

const tls = z
  .strictObject({
    cert: z.string().describe('PEM file with the certificate and its chain'),
    key: z.string().describe('PEM file with its private key'),
  })
  .describe('serve HTTPS, TLS 1.2 or later');

const listener = (listen: string) => ({
  listen: address.default(listen).describe('HOST:PORT to listen on; port 0 picks a free one'),
  tls: tls.optional(),
  behindTlsProxy: z
    .boolean()
    .default(false)
    .describe('a proxy in front ends TLS; without it or `tls`, plain HTTP off loopback is refused'),
  hosts: z
    .array(z.string())
    .default([])
    .describe('further Host names to answer to, beside the address itself and `localhost`'),
});

const gateway = z.strictObject({
  ...listener('127.0.0.1:4100'),
  bodyBytes: count(16 * 1024 * 1024).describe('largest request body, in bytes'),
  headersMs: ms(10_000).describe('time for a client to send its headers'),
  requestMs: ms(60_000).describe('time for a client to send its whole request'),
  connections: count(10_000).describe('connections at a time'),
  padStreams: z.boolean().default(true).describe('hide the token lengths of streams by padding'),
  holdBackChars: z
    .number()
    .int()
    .min(1024)
    .default(1_048_576)
    .describe('most characters of one stream that may wait for a control; more is refused'),
});

const control = z.strictObject({
  ...listener('127.0.0.1:4101'),
  publicUrl: z.url().optional().describe('how people reach it, for the links in errors'),
  publicLog: z.boolean().default(false).describe('serve the log under `/log/` without a token'),
  openMetrics: z.boolean().default(false).describe('serve `/metrics` without a token'),
});

const binding = {
  mode: z
    .enum(['enforce', 'observe'])
    .default('enforce')
    .describe('`enforce`: its verdict counts; `observe`: it is written down only'),
  timeoutMs: ms(1_000).describe('time for one judgement; later is a failure'),
  onFailure: z.enum(['deny', 'hold']).default('deny').describe('what a failure of it means'),
};

const guard = z.strictObject({
  size: z
    .strictObject({
      ...binding,
      bytes: count(8 * 1024 * 1024).describe('largest request, in bytes'),
      messages: count(2_000).describe('most messages of a request'),
      depth: count(64).describe('deepest nesting of its JSON'),
      tools: count(256).describe('most tools that it defines'),
    })
    .prefault({}),
  secrets: z.strictObject(binding).prefault({}),
});

const upstream = z.strictObject({
  kind: z
    .enum(['openai', 'anthropic', 'scripted'])
    .describe('the protocol it speaks; `scripted` answers from a file'),
  url: z
    .url()
    .optional()
    .describe(
      'its address. `openai`: a path, if there is one, stands for `/v1`, and `{model}` in it is replaced by the model; `anthropic`: a path stands before `/v1`',
    ),
  key: secret.optional(),
  auth: z
    .enum(['bearer', 'x-api-key', 'api-key'])
    .optional()
    .describe('how the key is sent; unset: `bearer`, for `anthropic` `x-api-key`'),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe('sent with every call, such as an organisation; never a credential'),
  query: z
    .record(z.string(), z.string())
    .default({})
    .describe("appended to every path, such as Azure's `api-version`"),
  allowPlainHttp: z
    .boolean()
    .default(false)
    .describe('permit `http://` off loopback, where the network itself is trusted'),
  connections: count(256).describe('connections at a time'),
  script: z.string().optional().describe('the replies of a `scripted` upstream: a YAML file'),
  timeouts: z
    .strictObject({
      connectMs: ms(5_000).describe('until the request is on a connection'),
      firstByteMs: ms(120_000).describe('from there to the first byte of the answer'),
      idleMs: ms(60_000).describe('between two pieces of the answer'),
      totalMs: ms(600_000).describe('the whole call, with its retries'),
    })
    .prefault({}),
  retries: z
    .strictObject({
      attempts: count(3, 10).describe('tries of one call, at most'),
      budgetRatio: z
        .number()
        .min(0)
        .max(1)
        .default(0.2)
        .describe('retries for each call over time, at most: 0.2 is one in five'),
    })
    .prefault({}),
  breaker: z
    .strictObject({
      failures: count(5).describe('failures in a row after which nothing is sent'),
      openMs: ms(15_000).describe('time until one call may try again'),
    })
    .prefault({}),
  maxAnswerBytes: count(32 * 1024 * 1024).describe('longest answer, in bytes'),
});

const model = z.strictObject({
  id: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9._/@:-]{0,149}$/, 'write name@version')
    .describe('`name@version`: what callers ask for, policies speak of and the record holds'),
  upstream: name.describe('where it is served: a name under `upstreams`'),
  model: z.string().min(1).describe('the exact version as the provider names it'),
  aliases: z
    .array(z.string().min(1))
    .default([])
    .describe('further names that callers may use; the record says which version served'),
  fallbacks: z
    .array(z.string().min(1))
    .default([])
    .describe('ids to try in turn when its upstream is away; each must have all its groups'),
  groups: z
    .array(name)
    .default([])
    .describe('what it is for; policies say who may use a group, and no group is for nobody'),
  floating: z
    .boolean()
    .default(false)
    .describe('accept that the provider may move what `model` means; it is on the record'),
});

const issuer = z.strictObject({
  issuer: z.url().describe('the `iss` of its tokens'),
  audience: z.string().min(1).describe('the `aud` that a token must have'),
  jwks: z.string().describe('file with its public keys: a JWK set'),
  agentClaim: z
    .enum(['client_id', 'sub'])
    .default('client_id')
    .describe("the claim that holds the agent's name"),
});

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
  identity: z.strictObject({ issuers: z.array(issuer).default([]) }).prefault({}),
  policy: z
    .strictObject({
      folder: z.string().default('policies').describe('folder of the Cedar policies'),
      cedar: z.strictObject(binding).prefault({}),
    })
    .prefault({}),
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
