import { z } from 'zod';
import { provenEntry } from './entry.ts';

export const level = z.enum(['allow', 'amend', 'hold', 'deny']).meta({ id: 'Level' });
export const traceId = z.string().regex(/^[0-9a-f]{32}$/, '32 hexadecimal digits');

const outcomes = [
  'released',
  'refused',
  'held',
  'withheld',
  'cut',
  'cancelled',
  'revoked',
  'failed',
  'open',
] as const;

/**
 * What became of a call. `revoked`: its caller was stopped while it ran. `open`: no end of it is on
 * the record (yet).
 */
export const outcome = z.enum(outcomes).meta({ id: 'Outcome' });

/** One line of a list of traces. Times are ISO 8601, UTC; `ms` is null while nothing came back. */
export const traceSummary = z
  .object({
    trace: traceId,
    at: z.iso.datetime(),
    agent: z.string(),
    owner: z.string(),
    asked: z.string(),
    served: z.string().nullable(),
    protocol: z.string(),
    stream: z.boolean(),
    level,
    outcome,
    ms: z.number().nullable(),
    story: z.string(),
    index: z.number().int().meta({ description: 'where its first entry stands in the log' }),
  })
  .meta({ id: 'TraceSummary' });

export const finding = z
  .object({
    control: z.string(),
    mode: z.string(),
    level,
    code: z.string(),
    reason: z.string(),
  })
  .meta({ id: 'Finding' });

/** How the record names an encrypted body: its place, size and keyed commitment. */
export const bodyRef = z
  .object({
    role: z.string(),
    blob: z.string(),
    bytes: z.number().int(),
    commitment: z.string(),
  })
  .meta({ id: 'BodyRef' });

/** A step of the path. `reached` is false for what the call never came to. */
export const block = z
  .object({
    block: z.enum(['input', 'model', 'output', 'action']),
    reached: z.boolean(),
    level: level.nullable(),
    text: z.string().meta({ description: 'one plain sentence' }),
    at: z.iso.datetime().nullable(),
    index: z.number().int().nullable(),
    facts: z.record(z.string(), z.unknown()),
    masks: z.array(z.object({ path: z.string(), labels: z.string() })),
    findings: z.array(finding),
    controls: z.array(z.string()),
    bodies: z.array(bodyRef),
  })
  .meta({ id: 'Block' });

export const trace = z
  .object({
    summary: traceSummary,
    path: z.array(block).meta({ description: 'input, model version, output, action' }),
    entries: z.array(provenEntry),
  })
  .meta({ id: 'Trace' });

export const traceList = z
  .object({
    traces: z.array(traceSummary),
    next: z.number().int().nullable().meta({ description: '`before` of the next page, or null' }),
  })
  .meta({ id: 'TraceList' });

export const traceQuery = z.object({
  agent: z.string().max(200).optional().meta({ description: "an agent's name or id" }),
  model: z.string().max(200).optional().meta({ description: 'as asked for, or the exact version' }),
  verdict: level.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  before: z.coerce.number().int().min(0).optional(),
});

export const bundleQuery = z.object({
  bodies: z.enum(['true', 'false']).default('false').meta({
    description: 'with the opened bodies; that somebody looked is put on the record first',
  }),
});

export type Outcome = z.output<typeof outcome>;
export type TraceSummary = z.output<typeof traceSummary>;
export type Trace = z.output<typeof trace>;
export type Block = z.output<typeof block>;
export type TraceQuery = z.output<typeof traceQuery>;
