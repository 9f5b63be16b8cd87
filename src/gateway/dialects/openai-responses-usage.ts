import { reported } from './fields.ts';
import type { Usage } from './usage.ts';

/** Usage as the Responses API reports it, in an answer or in a stream's last event. */
export function responsesUsage(usage: unknown): Usage | null {
  if (typeof usage !== 'object' || usage === null) return null;
  const counts = usage as Record<string, unknown>;
  const input = reported(counts.input_tokens);
  if (input === null) return null;
  const details = counts.input_tokens_details as Record<string, unknown> | null | undefined;
  const output = reported(counts.output_tokens) ?? 0;
  return { input, output, cached: reported(details?.cached_tokens) ?? 0 };
}
