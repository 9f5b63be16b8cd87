import { canonical, type JsonObject } from '../../kernel/index.ts';

/** The version of entries that this code knows. */
export const entryVersion = 1;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The entry in these bytes, or what is wrong with them, as the end of a sentence. */
export function entryIn(data: Uint8Array): JsonObject | string {
  let entry: unknown;
  try {
    const text = utf8.decode(data);
    entry = JSON.parse(text);
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
      return 'is not a JSON object';
    }
    if (canonical(entry as JsonObject) !== text) return 'is not canonical JSON (RFC 8785)';
  } catch {
    return 'is not canonical JSON (RFC 8785)';
  }
  const { v, kind } = entry as JsonObject;
  if (v !== entryVersion)
    return `has version \`${String(v).slice(0, 20)}\`, expected \`${entryVersion}\``;
  if (typeof kind !== 'string' || kind === '') return 'has no kind';
  return entry as JsonObject;
}
