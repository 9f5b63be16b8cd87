import type { Usage } from './dialect.ts';
import { reported } from './fields.ts';

/** Counts that Anthropic reported so far; null where it has not. */
export interface Counted {
  readonly input: number | null;
  readonly output: number | null;
  readonly cached: number | null;
}

/**
 * Usage as the Messages API reports it. `input_tokens` there leaves out what was read from or
 * written to the prompt cache; here `input` is the whole.
 */
export function anthropicCounts(usage: unknown): Counted {
  if (typeof usage !== 'object' || usage === null)
    return { input: null, output: null, cached: null };
  const counts = usage as Record<string, unknown>;
  const fresh = reported(counts.input_tokens);
  const read = reported(counts.cache_read_input_tokens);
  const written = reported(counts.cache_creation_input_tokens) ?? 0;
  return {
    input: fresh === null ? null : fresh + (read ?? 0) + written,
    output: reported(counts.output_tokens),
    cached: read,
  };
}

export function anthropicUsage(usage: unknown): Usage | null {
  const { input, output, cached } = anthropicCounts(usage);
  return input === null ? null : { input, output: output ?? 0, cached: cached ?? 0 };
}
