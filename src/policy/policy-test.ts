import { z } from 'zod';

const name = z.string().min(1).max(200);
const names = z.array(name).max(500);
const count = z.int().min(0);

const agent = z
  .strictObject({
    id: name.optional(),
    name: name.default('tester'),
    owner: name.default('owner'),
    tenant: name.default('default'),
    risk: z.int().min(0).max(100).default(0),
  })
  .prefault({});

const model = z
  .strictObject({
    id: name.default('model@1'),
    groups: names.default(['general']),
    provider: name.default('provider'),
  })
  .prefault({});

const time = z
  .strictObject({
    hour: z.int().min(0).max(23).default(12),
    weekday: z.int().min(1).max(7).default(3),
  })
  .prefault({});

const actor = z.string().regex(/^(agent|person):./, 'write `agent:NAME` or `person:ID`');

/** What only some actions have. */
const only: Readonly<Record<string, readonly string[]>> = {
  model: ['call_model', 'see_feedback'],
  tool: ['call_tool'],
  kind: ['see_feedback'],
  labels: ['call_model', 'call_tool'],
  features: ['call_model'],
  stream: ['call_model'],
  asked: ['call_model'],
  cost: ['call_model'],
  tokens: ['call_model'],
};

const fields = z.strictObject({
  name,
  agent,
  credential: z
    .enum(['static-key', 'at+jwt', 'jwt-svid', 'x509-svid', 'oidc', 'session', 'internal'])
    .default('at+jwt'),
  bound: z.boolean().default(false),
  scopes: names.optional(),
  actors: z.array(actor).max(100).default([]),
  action: z.enum(['enter', 'call_model', 'see_feedback', 'call_tool']).default('call_model'),
  protocol: name.default('openai.chat'),
  time,
  model,
  tool: name.default('tool'),
  kind: name.default('logprobs'),
  stream: z.boolean().default(false),
  asked: name.optional(),
  features: names.default([]),
  labels: names.default([]),
  tokens: count.default(0),
  cost: count.default(0),
  expect: z.enum(['allow', 'deny']),
  by: names.optional(),
});

/** One test of the policies, with what it leaves out filled in. docs/policy.md lists the fields. */
export type PolicyTest = z.output<typeof fields>;

// Before the defaults are there: what a test says, not what it leaves out.
const test = z
  .unknown()
  .superRefine((said, refine) => {
    if (typeof said !== 'object' || said === null) return;
    const action = (said as { action?: unknown }).action ?? 'call_model';
    for (const [field, actions] of Object.entries(only)) {
      if (!Object.hasOwn(said, field) || actions.includes(action as string)) continue;
      const message = `\`${action}\` has none; it belongs to ${actions.join(', ')}`;
      refine.addIssue({ code: 'custom', path: [field], message });
    }
  })
  .pipe(fields);

/** A file of tests. */
export const testFile = z.strictObject({ tests: z.array(test).max(2_000) });

/** What a test came to. `message` says what was wrong, null where nothing was. */
export interface TestResult {
  readonly name: string;
  /** `file:line:column` */
  readonly where: string;
  readonly ok: boolean;
  readonly message: string | null;
}
