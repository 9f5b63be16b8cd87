import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import fc from 'fast-check';
import OpenAI from 'openai';
import { clientFetch } from '../outbound.ts';
import { parseScript } from './script.ts';
import { scriptedHandler } from './scripted-handler.ts';

const script = parseScript(
  `
models: [scripted-1]
rules:
  - when: { contains: weather }
    reply:
      text: 'I look it up. '
      toolCalls: [{ name: get_weather, arguments: { city: Bern } }]
  - when: { contains: pieces }
    reply: { chunks: ['one ', { text: two, delayMs: 1 }], usage: { input: 5, output: 2 } }
  - when: { contains: overload }
    reply: { error: { status: 529, message: overloaded } }
`,
  'test.yaml',
);
const model = 'scripted-1';

async function clients(t: TestContext): Promise<{ openai: OpenAI; anthropic: Anthropic }> {
  const handle = scriptedHandler(script);
  const server = createServer((request, response) => {
    const body: Buffer[] = [];
    request.on('data', (chunk) => body.push(chunk));
    request.on('end', async () => {
      const path = (request.url ?? '').split('?', 1)[0] as string;
      const reply = handle(path, Buffer.concat(body));
      response.writeHead(reply.status, reply.headers);
      for (const { data } of reply.chunks) response.write(data);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { fetch, close } = clientFetch();
  t.after(async () => {
    await close();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = { apiKey: 'k', maxRetries: 0, fetch };
  return {
    openai: new OpenAI({ ...options, baseURL: `${url}/v1` }),
    anthropic: new Anthropic({ ...options, baseURL: url }),
  };
}

const user = (content: string) => [{ role: 'user' as const, content }];

test('the OpenAI client reads scripted chat, whole and as a stream', async (t) => {
  const { openai } = await clients(t);
  const whole = await openai.chat.completions.create({ model, messages: user('pieces') });
  assert.equal(whole.choices[0]?.message.content, 'one two');
  assert.equal(whole.system_fingerprint, 'scripted');
  assert.deepEqual(whole.usage, { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 });

  const stream = openai.chat.completions.stream({
    model,
    messages: user('weather?'),
    stream_options: { include_usage: true },
  });
  const final = await stream.finalChatCompletion();
  const choice = final.choices[0];
  assert.equal(choice?.message.content, 'I look it up. ');
  assert.equal(choice?.finish_reason, 'tool_calls');
  const called = choice?.message.tool_calls?.[0];
  assert.ok(called?.type === 'function');
  assert.deepEqual(JSON.parse(called.function.arguments), { city: 'Bern' });
  assert.ok((final.usage?.total_tokens ?? 0) > 0);
});

test('the OpenAI client reads scripted responses, whole and as a stream', async (t) => {
  const { openai } = await clients(t);
  const whole = await openai.responses.create({ model, input: 'weather?' });
  assert.equal(whole.output_text, 'I look it up. ');
  const called = whole.output.find((item) => item.type === 'function_call');
  assert.deepEqual([called?.name, called?.arguments], ['get_weather', '{"city":"Bern"}']);

  const stream = openai.responses.stream({ model, input: user('weather?') });
  const numbers: number[] = [];
  let deltas = '';
  for await (const event of stream) {
    numbers.push(event.sequence_number);
    if (event.type === 'response.output_text.delta') deltas += event.delta;
  }
  const final = await stream.finalResponse();
  assert.equal(deltas, 'I look it up. ');
  const streamed = final.output.find((item) => item.type === 'function_call');
  assert.deepEqual([streamed?.name, streamed?.arguments], ['get_weather', '{"city":"Bern"}']);
  assert.equal(final.output_text, whole.output_text);
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => i),
  );
});

test('the OpenAI client reads scripted embeddings, models and errors', async (t) => {
  const { openai } = await clients(t);
  const found = await openai.embeddings.create({ model, input: ['a', 'b', 'a'] });
  const [a, b, again] = found.data.map(({ embedding }) => embedding);
  assert.equal(a?.length, 8);
  assert.deepEqual(a, again);
  assert.notDeepEqual(a, b);
  const long = await openai.embeddings.create({ model, input: 'a', dimensions: 20 });
  assert.equal(long.data[0]?.embedding.length, 20);
  assert.deepEqual(
    (await openai.models.list()).data.map(({ id, owned_by }) => [id, owned_by]),
    [[model, 'scripted']],
  );
  const asked = openai.chat.completions.create({ model: 'gpt-x', messages: user('hi') });
  await assert.rejects(asked, (error: { status: number }) => error.status === 404);
});

test('the Anthropic client reads scripted messages, whole and as a stream', async (t) => {
  const { anthropic } = await clients(t);
  const ask = { model, max_tokens: 100 };
  const whole = await anthropic.messages.create({ ...ask, messages: user('weather?') });
  assert.deepEqual(
    whole.content.map((block) => block.type),
    ['text', 'tool_use'],
  );
  assert.equal(whole.stop_reason, 'tool_use');
  const final = await anthropic.messages
    .stream({ ...ask, messages: user('weather?') })
    .finalMessage();
  assert.deepEqual(
    final.content.map((block) => (block.type === 'tool_use' ? block.input : block.type)),
    ['text', { city: 'Bern' }],
  );
  assert.equal(final.stop_reason, 'tool_use');
  const counted = await anthropic.messages.countTokens({ model, messages: user('weather?') });
  assert.ok(counted.input_tokens > 0);
  const asked = anthropic.messages.create({ ...ask, messages: user('overload') });
  await assert.rejects(asked, (error: { status: number; message: string }) => {
    assert.equal(error.status, 529);
    assert.match(error.message, /scripted: overloaded/);
    return true;
  });
});

test('what no rule matches is answered by a plain word, and echoes nothing', () => {
  const body = JSON.stringify({ model, messages: user('my secret') });
  const [chunk] = scriptedHandler(script)('/v1/chat/completions', body).chunks;
  assert.match(chunk?.data ?? '', /scripted answer and no model was asked/);
  assert.ok(!chunk?.data.includes('my secret'));
});

test('any body on any path gets an answer', () => {
  const handle = scriptedHandler(script);
  const path = fc.constantFrom(
    '/v1/chat/completions',
    '/v1/responses',
    '/v1/embeddings',
    '/v1/messages',
    '/v1/messages/count_tokens',
    '/v1/models',
    '/__proto__',
  );
  const body = fc.record(
    {
      model: fc.constantFrom<unknown>(model, 'other', 3),
      messages: fc.jsonValue(),
      input: fc.jsonValue(),
      stream: fc.boolean(),
      stream_options: fc.jsonValue(),
      dimensions: fc.jsonValue(),
      encoding_format: fc.jsonValue(),
    },
    { requiredKeys: ['model'] },
  );
  fc.assert(
    fc.property(path, body, (where, what) => {
      const reply = handle(where, JSON.stringify(what));
      assert.ok(reply.status >= 200 && reply.chunks.length > 0);
    }),
  );
  for (const bad of ['', '{', '[]', 'null', '3']) {
    assert.equal(handle('/v1/messages', bad).status, 400);
  }
});
