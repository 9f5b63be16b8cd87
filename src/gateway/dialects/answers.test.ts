import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialectAt } from './dialects.ts';

const at = (path: string) => {
  const dialect = dialectAt(path);
  assert.ok(dialect);
  return dialect;
};
const chat = at('/v1/chat/completions');
const responses = at('/v1/responses');
const messages = at('/v1/messages');

test('usage of a JSON answer, and null for what is none (E5)', () => {
  const prompt_tokens_details = { cached_tokens: 2 };
  const usage = { prompt_tokens: 5, completion_tokens: 7, prompt_tokens_details };
  assert.deepEqual(chat.usage({ usage }), { input: 5, output: 7, cached: 2 });
  assert.deepEqual(responses.usage({ usage: { input_tokens: 5, output_tokens: 7 } }), {
    input: 5,
    output: 7,
    cached: 0,
  });
  const counts = { input_tokens: 5, cache_read_input_tokens: 3, cache_creation_input_tokens: 2 };
  assert.deepEqual(messages.usage({ usage: { ...counts, output_tokens: 7 } }), {
    input: 10,
    output: 7,
    cached: 3,
    written: 2,
  });
  for (const dialect of [chat, responses, messages]) {
    for (const odd of [null, 'x', 3, [], {}, { prompt_tokens: -1, input_tokens: 'many' }]) {
      assert.equal(dialect.usage({ usage: odd }), null);
    }
  }
});

test('a masked answer keeps no tokens that repeat its text (D2)', () => {
  const choice = { index: 0, message: { content: 'a' }, logprobs: { content: [{ token: 'a' }] } };
  assert.deepEqual(chat.withoutEchoes({ choices: [choice] }), {
    choices: [{ ...choice, logprobs: null }],
  });
  const part = { type: 'output_text', text: 'a', logprobs: [{ token: 'a' }] };
  assert.deepEqual(responses.withoutEchoes({ output: [{ content: [part] }, { id: 'x' }] }), {
    output: [{ content: [{ ...part, logprobs: [] }] }, { id: 'x' }],
  });
});

test('texts of an answer speak for the assistant, its ids for nobody', () => {
  assert.equal(chat.roleOut('/choices/0/message/content'), 'assistant');
  assert.equal(responses.roleOut('/output/0/content/0/text'), 'assistant');
  assert.equal(messages.roleOut('/content/0/text'), 'assistant');
  for (const dialect of [chat, responses, messages]) assert.equal(dialect.roleOut('/id'), 'other');
});
