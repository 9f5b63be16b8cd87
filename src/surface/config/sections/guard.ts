import { z } from 'zod';
import { binding, count } from './fields.ts';

/** `guard`: what judges content. */
export const guard = z.strictObject({
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
