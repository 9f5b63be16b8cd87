import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Counted, recounted, uncounted, usageOf } from './counted.ts';
import { type Dialect, dialectAt, type EventMarks, type Usage } from './index.ts';

// Usage in the forms that the providers' API references show, each with what it amounts to.
const chatUsage = {
  prompt_tokens: 2006,
  completion_tokens: 300,
  total_tokens: 2306,
  prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 192, rejected_prediction_tokens: 0 },
};
const responsesUsage = {
  input_tokens: 328,
  input_tokens_details: { cached_tokens: 128 },
  output_tokens: 52,
  output_tokens_details: { reasoning_tokens: 32 },
  total_tokens: 380,
};
const anthropicUsage = {
  input_tokens: 21,
  cache_creation_input_tokens: 188_086,
  cache_read_input_tokens: 1_024,
  cache_creation: { ephemeral_5m_input_tokens: 188_086, ephemeral_1h_input_tokens: 0 },
  output_tokens: 393,
  service_tier: 'standard',
};
const anthropic: Usage = { input: 189_131, output: 393, cached: 1_024, written: 188_086 };

/** What a stream's events amount to. */
function streamed(path: string, events: readonly object[]): Usage | null {
  let counted: Counted = uncounted;
  const marks: EventMarks = {
    hideUsage: false,
    text: () => {},
    close: () => {},
    end: () => {},
    skip: () => {},
    count: (now) => {
      counted = recounted(counted, now);
    },
  };
  for (const event of events) {
    const json = structuredClone(event) as Record<string, unknown>;
    (dialectAt(path) as Dialect).stream?.read(String(json['type'] ?? ''), json, marks);
  }
  return usageOf(counted);
}

test('usage is what the providers report, answered whole (M5, I4)', () => {
  const of = (path: string, usage: object) => dialectAt(path)?.usage({ usage: usage as never });
  assert.deepEqual(of('/v1/chat/completions', chatUsage), {
    input: 2006,
    output: 300,
    cached: 1920,
  });
  assert.deepEqual(of('/v1/responses', responsesUsage), { input: 328, output: 52, cached: 128 });
  assert.deepEqual(of('/v1/messages', anthropicUsage), anthropic);
  assert.deepEqual(of('/v1/embeddings', { prompt_tokens: 8, total_tokens: 8 }), {
    input: 8,
    output: 0,
    cached: 0,
  });
});

test('usage is what the providers report, streamed (M5, I4)', () => {
  const chunk = { object: 'chat.completion.chunk', choices: [] };
  const chat = [
    { ...chunk, usage: null },
    { ...chunk, usage: chatUsage },
  ];
  assert.deepEqual(streamed('/v1/chat/completions', chat), {
    input: 2006,
    output: 300,
    cached: 1920,
  });
  const completed = { type: 'response.completed', response: { usage: responsesUsage } };
  assert.deepEqual(streamed('/v1/responses', [completed]), { input: 328, output: 52, cached: 128 });
  // The output at the start is a first count; each later one is the sum so far, not an addition.
  const start = { ...anthropicUsage, output_tokens: 1 };
  const events = (last: object) => [
    { type: 'message_start', message: { usage: start } },
    { type: 'message_delta', delta: {}, usage: { output_tokens: 100 } },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: last },
  ];
  assert.deepEqual(streamed('/v1/messages', events({ output_tokens: 393 })), anthropic);
  assert.deepEqual(streamed('/v1/messages', events(anthropicUsage)), anthropic);
  // Input that is told again, without what the cache did, does not undo what was told of the cache.
  const partly = { input_tokens: 21, output_tokens: 393 };
  assert.deepEqual(streamed('/v1/messages', events(partly)), anthropic);
});
