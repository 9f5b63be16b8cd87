import { z } from 'zod';

const hash = z.string().meta({ description: 'SHA-256, lower-case hexadecimal' });
const side = z.enum(['allow', 'deny']);
const name = z.string().min(1).max(200);
const names = z.array(name).max(200).default([]);
const count = z.number().int().min(0);
const files = z.record(
  z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/, 'name policies as files: base.cedar'),
  z.string().max(500_000),
);

/** A candidate set and the time to decide anew; without `schema`, the folder's own. */
export const replayAsked = z
  .strictObject({
    sources: z.strictObject({
      schema: z.string().max(500_000).optional(),
      policies: files,
      tests: files.optional(),
    }),
    since: z.iso.datetime(),
    until: z.iso.datetime().optional(),
    limit: z.number().int().min(1).max(1_000).default(200),
  })
  .meta({ id: 'ReplayAsked' });

/** Decisions of the past, of one kind, that would go another way. */
export const difference = z
  .object({
    agent: z.string(),
    action: z.string(),
    resource: z.string(),
    was: side.meta({ description: 'what the policies decided, as the record says' }),
    wouldBe: side,
    before: z
      .array(z.string())
      .nullable()
      .meta({ description: 'the policies that decided then; null where nobody can say' }),
    after: z.array(z.string()).meta({ description: 'the policies that would; none: by default' }),
    inForce: side.nullable().meta({ description: 'what the set in force says of it today' }),
    count,
    first: z.iso.datetime(),
    last: z.iso.datetime(),
    trace: z.string().meta({ description: 'the latest of them' }),
  })
  .meta({ id: 'Difference' });

export const replayed = z
  .object({
    since: z.iso.datetime(),
    until: z.iso.datetime(),
    candidate: hash,
    inForce: hash,
    decisions: count.meta({ description: 'recorded decisions that were decided anew' }),
    differing: count.meta({ description: 'of these, how many would go another way' }),
    undecided: z
      .array(z.object({ lacks: z.string(), count }))
      .meta({ description: 'decisions that were not, and what their entries do not say' }),
    differences: z.array(difference),
    unlisted: count.meta({ description: 'differences beyond the kinds that are listed' }),
  })
  .meta({ id: 'Replayed' });

/** One line of the answer: how far it is, in entries; at the end what was found, or an error. */
export const replayLine = z
  .union([
    z.object({ done: count, total: count }),
    z.object({ result: replayed }),
    z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
  ])
  .meta({ id: 'ReplayLine' });

/** How an agent may have proved who it is. */
export const credentialKinds = [
  'static-key',
  'at+jwt',
  'jwt-svid',
  'x509-svid',
  'oidc',
  'session',
  'internal',
] as const;

/** A call that is supposed. What is left out is the plainest there is. */
export const supposedCall = z
  .strictObject({
    agent: name,
    model: name.optional().meta({ description: 'a listed version, or an alias' }),
    tool: name.optional(),
    features: names,
    labels: names,
    credential: z.enum(credentialKinds).default('at+jwt'),
    bound: z.boolean().default(false),
    scopes: z.array(name).max(200).optional(),
    actingFor: name.optional().meta({ description: 'the person that the agent acts for' }),
    stream: z.boolean().default(false),
    protocol: name.default('openai.chat'),
    tokens: count.default(0),
    cost: count.default(0).meta({ description: 'millionths of a US dollar' }),
  })
  .meta({ id: 'SupposedCall' });

export const explainAsked = z
  .union([z.strictObject({ trace: z.string().regex(/^[0-9a-f]{32}$/) }), supposedCall])
  .meta({ id: 'ExplainAsked' });

/** A policy that has to do with a question, with each of its demands. */
export const toldPolicy = z
  .object({
    id: z.string(),
    effect: z.enum(['permit', 'forbid']),
    where: z.string().meta({ description: 'file:line:column' }),
    reason: z.string().nullable(),
    text: z.string(),
    decided: z.boolean(),
    matches: z.boolean().nullable().meta({ description: 'null: it failed' }),
    conditions: z.array(
      z.object({
        part: z.enum(['principal', 'action', 'resource', 'when', 'unless']),
        text: z.string(),
        met: z.boolean().nullable(),
      }),
    ),
  })
  .meta({ id: 'ToldPolicy' });

/** Why one question is decided as it is, and what would have to change for it to be allowed. */
export const explanation = z
  .object({
    action: z.string(),
    resource: z.object({ type: z.string(), id: z.string() }),
    decision: z.enum(['allow', 'deny', 'error']),
    by: z.array(z.string()),
    policies: z.array(toldPolicy),
    changes: z.array(z.string()),
  })
  .meta({ id: 'Explanation' });

export const explained = z
  .object({
    set: hash.meta({ description: 'the set in force, which everything here is said of' }),
    recorded: z
      .object({
        trace: z.string(),
        index: count,
        at: z.string(),
        set: z.string().nullable().meta({ description: 'the set that decided then' }),
        findings: z.array(
          z.object({ stage: z.string(), level: z.string(), code: z.string(), reason: z.string() }),
        ),
      })
      .nullable()
      .meta({ description: 'what the policies said then, where they did not just allow' }),
    questions: z.array(explanation),
    beside: z
      .array(z.string())
      .meta({ description: 'what else refuses the call, whatever the policies say of it' }),
  })
  .meta({ id: 'Explained' });

export type ReplayAsked = z.input<typeof replayAsked>;
export type Replayed = z.output<typeof replayed>;
export type ReplayLine = z.output<typeof replayLine>;
export type SupposedCall = z.output<typeof supposedCall>;
export type ExplainAsked = z.input<typeof explainAsked>;
export type Explained = z.output<typeof explained>;
