import { type Counted, uncounted, usageOf } from './counted.ts';
import { reported } from './fields.ts';
import type { Usage } from './usage.ts';

/**
 * Usage as the Messages API reports it. `input_tokens` there leaves out what was read from or
 * written to the prompt cache. A stream reports most of it at its start and the output, as a sum so
 * far, at its end.
 */
export function anthropicCounts(usage: unknown): Counted {
  if (typeof usage !== 'object' || usage === null) return uncounted;
  const counts = usage as Record<string, unknown>;
  return {
    fresh: reported(counts.input_tokens),
    read: reported(counts.cache_read_input_tokens),
    written: reported(counts.cache_creation_input_tokens),
    output: reported(counts.output_tokens),
  };
}

export function anthropicUsage(usage: unknown): Usage | null {
  return usageOf(anthropicCounts(usage));
}
