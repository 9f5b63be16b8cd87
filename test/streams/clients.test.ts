import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { type Dialect, dialectAt, dialects, familyOf } from '../../src/gateway/dialects/index.ts';
import { Padding } from '../../src/gateway/sse/index.ts';
import { withClients } from './client-server.ts';
import { judgedStream } from './judged-stream.ts';

const golden = new URL('../../src/gateway/dialects/golden/', import.meta.url);
const at = (path: string) => dialectAt(path) as Dialect;
const chat = at('/v1/chat/completions');
const responses = at('/v1/responses');
const messages = at('/v1/messages');
const events = (body: string) => ({ status: 200, type: 'text/event-stream', body }) as const;
const said = { messages: [{ role: 'user', content: 'hi' } as const], model: 'm' };

/** A golden stream as the gateway passes it on, padded as by default. */
async function passed(dialect: Dialect): Promise<string> {
  const bytes = readFileSync(new URL(`${dialect.id.replace('.', '-')}.in.sse`, golden));
  const { text } = await judgedStream(dialect, [bytes], { padding: new Padding(randomBytes) });
  return text;
}

test('the openai client reads a chat stream that was masked and padded (D2, T7)', async () => {
  await withClients(events(await passed(chat)), async ({ openai }) => {
    const whole = await openai.chat.completions
      .stream({ ...said, stream_options: { include_usage: true } })
      .finalChatCompletion();
    const [choice] = whole.choices;
    assert.equal(choice?.message.content, 'The word is [masked:word], said ünï ☃.');
    assert.equal(choice.finish_reason, 'tool_calls');
    const calls = choice.message.tool_calls?.map((one) => one.type === 'function' && one.function);
    assert.deepEqual(
      calls?.map((one) => one && [one.name, one.arguments]),
      [
        ['look_up', '{"q":"[masked:word]"}'],
        ['[masked:word]_tool', '{"a":1}'],
      ],
    );
    assert.equal(whole.usage?.completion_tokens, 22);
  });
});

test('the openai client reads a response stream that was masked and padded (D2, T7)', async () => {
  await withClients(events(await passed(responses)), async ({ openai }) => {
    const stream = openai.responses.stream({ model: 'm', input: 'hi' });
    let text = '';
    stream.on('response.output_text.delta', ({ delta }) => {
      text += delta;
    });
    const whole = await stream.finalResponse();
    assert.equal(text, 'My [masked:word] is out.');
    assert.equal(whole.output_text, text);
    const call = whole.output.find((one) => one.type === 'function_call');
    assert.equal(call?.arguments, '{"q":"[masked:word]"}');
    assert.equal(whole.usage?.output_tokens, 20);
  });
});

test('the anthropic client reads a message stream that was masked and padded (D2, T7)', async () => {
  const text = await passed(messages);
  assert.match(text, /^: [A-Za-z0-9_-]+$/m);
  await withClients(events(text), async ({ anthropic }) => {
    const whole = await anthropic.messages.stream({ ...said, max_tokens: 9 }).finalMessage();
    const [thinking, answer, tool] = whole.content;
    assert.equal(thinking?.type === 'thinking' && thinking.thinking, 'The [masked:word], hm.');
    assert.equal(answer?.type === 'text' && answer.text, 'A [masked:word] and a SECOND ☃');
    assert.deepEqual(tool?.type === 'tool_use' && tool.input, { q: '[masked:word]' });
    assert.equal(whole.stop_reason, 'tool_use');
    assert.equal(whole.usage.output_tokens, 30);
  });
});

const error = {
  code: 'refused',
  status: 403,
  message: 'refused by policy (guard.secrets: no)',
  trace: '0123456789abcdef0123456789abcdef',
  link: 'http://127.0.0.1:4101/traces/0123456789abcdef0123456789abcdef',
};

/** The stream's first events, then a denial. */
async function denied(dialect: Dialect): Promise<string> {
  const whole = await passed(dialect);
  const first = whole.split('\n\n').slice(0, 5).join('\n\n');
  return `${first}\n\n${dialect.stream?.errorEvents(error, 9)}`;
}

async function drained(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of stream) count += 1;
  return count;
}

const tells = (thrown: unknown): boolean => {
  assert.ok(thrown instanceof OpenAI.APIError || thrown instanceof Anthropic.APIError, `${thrown}`);
  for (const part of [error.message, error.trace, error.link])
    assert.ok(thrown.message.includes(part));
  return true;
};

test('a denial in mid-stream is an error to every client, with its code, trace and link (E5)', async () => {
  const stream = true;
  await withClients(events(await denied(chat)), async ({ openai }) => {
    await assert.rejects(
      drained(await openai.chat.completions.create({ ...said, stream })),
      (e) => {
        return tells(e) && (e as InstanceType<typeof OpenAI.APIError>).code === 'refused';
      },
    );
    await assert.rejects(openai.chat.completions.stream(said).finalMessage(), tells);
  });
  await withClients(events(await denied(responses)), async ({ openai }) => {
    const call = { model: 'm', input: 'hi' };
    await assert.rejects(drained(await openai.responses.create({ ...call, stream })), (e) => {
      return tells(e) && (e as InstanceType<typeof OpenAI.APIError>).code === 'refused';
    });
    await assert.rejects(openai.responses.stream(call).finalResponse(), tells);
  });
  await withClients(events(await denied(messages)), async ({ anthropic }) => {
    const call = { ...said, max_tokens: 9 };
    await assert.rejects(drained(await anthropic.messages.create({ ...call, stream })), (e) => {
      return tells(e) && (e as InstanceType<typeof Anthropic.APIError>).errorCode === 'refused';
    });
    await assert.rejects(anthropic.messages.stream(call).finalMessage(), tells);
  });
});

const classes = {
  400: ['BadRequestError', 'BadRequestError'],
  401: ['AuthenticationError', 'AuthenticationError'],
  403: ['PermissionDeniedError', 'PermissionDeniedError'],
  404: ['NotFoundError', 'NotFoundError'],
  429: ['RateLimitError', 'RateLimitError'],
  503: ['InternalServerError', 'InternalServerError'],
} as const;

for (const [code, [inOpenai, inAnthropic]] of Object.entries(classes)) {
  test(`an error of status ${code} is the client's own class, with its reason (E5)`, async () => {
    const status = Number(code);
    for (const dialect of dialects) {
      const body = JSON.stringify(dialect.family.errorBody({ ...error, status }));
      await withClients(
        { status, type: 'application/json', body },
        async ({ openai, anthropic }) => {
          const call =
            dialect.family.id === 'openai'
              ? openai.chat.completions.create(said)
              : anthropic.messages.create({ ...said, max_tokens: 9 });
          const expected =
            dialect.family.id === 'openai' ? OpenAI[inOpenai] : Anthropic[inAnthropic];
          await assert.rejects(call, (thrown) => thrown instanceof expected && tells(thrown));
        },
      );
    }
  });
}

test('each client lists the models in its own shape', async () => {
  const models = [
    { id: 'a@1', provider: 'p', created: 1_750_000_000 },
    { id: 'b@2', provider: 'q' },
  ];
  const served = (headers: Record<string, string>) => {
    const body = JSON.stringify(familyOf(headers).modelList(models));
    return { status: 200, type: 'application/json', body } as const;
  };
  await withClients(served({}), async ({ openai }) => {
    const { data } = await openai.models.list();
    assert.deepEqual(
      data.map(({ id, owned_by, created, object }) => [id, owned_by, created, object]),
      [
        ['a@1', 'p', 1_750_000_000, 'model'],
        ['b@2', 'q', 0, 'model'],
      ],
    );
  });
  await withClients(served({ 'anthropic-version': '2023-06-01' }), async ({ anthropic }) => {
    const { data } = await anthropic.models.list();
    assert.deepEqual(
      data.map(({ id, type, created_at }) => [id, type, created_at]),
      [
        ['a@1', 'model', '2025-06-15T15:06:40.000Z'],
        ['b@2', 'model', '1970-01-01T00:00:00.000Z'],
      ],
    );
  });
});
