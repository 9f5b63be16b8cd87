import assert from 'node:assert/strict';
import { type PolicyJson, policyToJson, policyToText } from '@cedar-policy/cedar-wasm/nodejs';

/** Policies as text, as everybody writes them, and as the oracle reads them. */
export function written(policies: readonly PolicyJson[]) {
  const texts: Record<string, string> = {};
  const parsed = new Map<string, PolicyJson>();
  for (const [i, json] of policies.entries()) {
    const text = policyToText(json);
    assert.ok(text.type === 'success', JSON.stringify([json, text]));
    const back = policyToJson(text.text);
    assert.ok(back.type === 'success', JSON.stringify([text, back]));
    texts[`p${i}`] = text.text;
    parsed.set(`p${i}`, back.json);
  }
  return { texts, parsed };
}
