import { z } from 'zod';

/** An entry of the log as it stands there: facts and digests, never a body. */
export const entry = z
  .object({
    index: z.number().int().min(0).meta({ description: 'place in the log, from 0' }),
    entry: z.record(z.string(), z.unknown()).meta({ description: 'the canonical JSON (RFC 8785)' }),
  })
  .meta({ id: 'Entry' });

/** An entry with its C2SP tlog-proof: an outsider can verify that it is in the log. */
export const provenEntry = entry
  .extend({
    receipt: z.string().nullable().meta({
      description: 'C2SP tlog-proof; null while the checkpoint that covers it is being signed',
    }),
  })
  .meta({ id: 'ProvenEntry' });

export const entryList = z
  .object({
    entries: z.array(entry),
    next: z.number().int().nullable().meta({ description: '`before` of the next page, or null' }),
  })
  .meta({ id: 'EntryList' });

export const entryQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  before: z.coerce.number().int().min(0).optional(),
});

export type Entry = z.output<typeof entry>;
export type ProvenEntry = z.output<typeof provenEntry>;
