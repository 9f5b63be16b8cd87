import { z } from 'zod';

const hash = z.string().meta({ description: 'SHA-256, lower-case hexadecimal' });

/** One policy. `where` is `file:line:column`, `reason` what a caller is told. */
export const policy = z
  .object({
    id: z.string(),
    effect: z.enum(['permit', 'forbid']),
    where: z.string(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Policy' });

export const policyFlaw = z
  .object({ where: z.string(), message: z.string(), help: z.string().nullable() })
  .meta({ id: 'PolicyFlaw' });

/** What a set of sources is worth. With any error none of it counts. */
export const policyReport = z
  .object({
    ok: z.boolean(),
    hash,
    policies: z.array(policy),
    errors: z.array(policyFlaw),
    warnings: z.array(policyFlaw),
  })
  .meta({ id: 'PolicyReport' });

/** The policies in force, and the files of the folder as they are now. */
export const policySet = z
  .object({
    hash: hash.meta({ description: 'of the set in force; every decision records it' }),
    policies: z.array(policy),
    files: z.array(z.object({ name: z.string(), source: z.string(), sha256: hash })),
    pending: z.boolean().meta({ description: 'the files differ from what is in force: reload' }),
  })
  .meta({ id: 'PolicySet' });

/** A candidate set; without `schema`, the folder's own. Nothing is put in force. */
export const policyCandidate = z
  .strictObject({
    schema: z.string().max(500_000).optional(),
    policies: z.record(
      z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/, 'name policies as files: base.cedar'),
      z.string().max(500_000),
    ),
  })
  .meta({ id: 'PolicyCandidate' });

export type PolicySet = z.output<typeof policySet>;
export type PolicyCandidate = z.output<typeof policyCandidate>;
export type PolicyReport = z.output<typeof policyReport>;
