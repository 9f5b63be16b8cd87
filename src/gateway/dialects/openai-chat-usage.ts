import { reported } from './fields.ts';
import type { Usage } from './usage.ts';

/** Usage as Chat Completions and Embeddings report it, in an answer or a stream's last chunk. */
export function chatUsage(usage: unknown): Usage | null {
  if (typeof usage !== 'object' || usage === null) return null;
  const counts = usage as Record<string, unknown>;
  const input = reported(counts.prompt_tokens);
  if (input === null) return null;
  const details = counts.prompt_tokens_details as Record<string, unknown> | null | undefined;
  const output = reported(counts.completion_tokens) ?? 0;
  return { input, output, cached: reported(details?.cached_tokens) ?? 0 };
}
