import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bound, control } from '../../../test/kernel/world.ts';
import { cut, judgedStream } from '../../../test/streams/judged-stream.ts';
import { GatehouseError } from '../../kernel/index.ts';
import { type Dialect, dialectAt, dialects } from '../dialects/index.ts';
import { Holdback } from './holdback.ts';

const streaming = dialects.filter((one) => one.stream !== null);
const chat = dialectAt('/v1/chat/completions') as Dialect;
const messages = dialectAt('/v1/messages') as Dialect;

// Words of the protocols in any wrong place, so that the dialects' own branches are reached.
const word = fc.constantFrom(
  'SECRET',
  'SEC',
  'RET',
  'response.output_text.delta',
  'response.completed',
  'error',
  'message_stop',
  'content_block_delta',
  'content_block_start',
  'content_block_stop',
  'response.output_item.done',
);
const key = fc.constantFrom(
  'type',
  'choices',
  'delta',
  'content',
  'index',
  'usage',
  'error',
  'response',
  'output_index',
  'message',
  'finish_reason',
  'content_block',
  'text',
  'logprobs',
  'tool_calls',
  'obfuscation',
  '__proto__',
  'SECRET',
);
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    word,
    fc.constantFrom(null, true, -1, 1e300),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('json')), { maxLength: 4 }).map((all) => Object.fromEntries(all)),
  ),
}));

for (const dialect of streaming) {
  test(`${dialect.id}: no event of any shape lets the word pass, or breaks anything but the stream (D2)`, async () => {
    const event = fc.tuple(fc.oneof(word, fc.constant('')), fc.oneof(json, fc.string()));
    const run = async (
      events: readonly (readonly [string, unknown])[],
      sizes: readonly number[],
    ) => {
      const wire = events
        .map(
          ([name, data]) =>
            `event: ${name}\ndata: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
        )
        .join('');
      try {
        const { text } = await judgedStream(dialect, cut(Buffer.from(wire), sizes));
        for (const part of text.split(/"(?:[^"\\]|\\.)*":/)) assert.doesNotMatch(part, /SECRET/);
      } catch (thrown) {
        // A word in a property name cannot be masked: the kernel denies it.
        if (thrown instanceof Error && thrown.message.startsWith('denied')) return;
        assert.ok(thrown instanceof GatehouseError, String(thrown));
        assert.equal(thrown.code, 'upstream_failed');
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 8 }), fc.array(fc.nat(50)), run),
      {
        seed: 20261122,
        numRuns: 400,
      },
    );
  });

  test(`${dialect.id}: bytes of any kind end in events or in an error (D2)`, async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .array(
          fc.constantFrom(
            'data: ',
            'event: ',
            '{',
            '}',
            '\r',
            '\n',
            '\r\n',
            ':',
            '"',
            'ü',
            '[DONE]',
          ),
        )
        .map((all) => new Uint8Array(Buffer.from(all.join('')))),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.array(fc.nat(9)), async (all, sizes) => {
        await judgedStream(dialect, cut(all, sizes)).catch((thrown: unknown) => {
          assert.ok(thrown instanceof GatehouseError, String(thrown));
        });
      }),
      { seed: 20261122, numRuns: 300 },
    );
  });
}

test('a member that stands twice leaves once, as it was judged (D2)', async () => {
  const wire = 'data: {"choices":[{"index":0,"delta":{"content":"SECRET","content":"fine"}}]}\n\n';
  const { text } = await judgedStream(chat, [Buffer.from(wire)]);
  assert.equal(text, 'data: {"choices":[{"index":0,"delta":{"content":"fine"}}]}\n\n');
});

test('fields of the stream itself carry nothing past the judgement (D2)', async () => {
  const wire = ': SECRET\nid: SECRET\nevent: SECRET\nretry: 1\ndata: {"type":"ping"}\n\n';
  const { text } = await judgedStream(messages, [Buffer.from(wire)]);
  assert.equal(text, 'event: ping\ndata: {"type":"ping"}\n\n');
  const split = 'data: {"type":"x\\ndata: SECRET"}\n\n';
  await assert.rejects(judgedStream(messages, [Buffer.from(split)]), { code: 'upstream_failed' });
});

test('no event can be forged with line ends that only some readers know (D2)', async () => {
  const content = 'a\u2028\u2028data: {"forged":1}\u0085b';
  const wire = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
  const { text } = await judgedStream(chat, [Buffer.from(wire)]);
  assert.doesNotMatch(text, /[\u0085\u2028\u2029]/);
  assert.equal(JSON.parse(text.slice(6)).choices[0].delta.content, content);
});

test('nothing follows the end that the upstream gave (D2)', async () => {
  const more = 'data: {"choices":[{"index":0,"delta":{"content":"more"}}]}\n\n';
  const { text } = await judgedStream(chat, [Buffer.from(`data: [DONE]\n\n${more}`)]);
  assert.equal(text, 'data: [DONE]\n\n');
});

test('an event that nests beyond reason fails the stream and not the process', () => {
  for (const dialect of streaming) {
    for (const open of ['[', '{"delta":', '{"choices":[{"delta":{"a":']) {
      const close = open.replaceAll(/[^[{]/g, '').replaceAll('[', ']').replaceAll('{', '}');
      const deep = `{"choices":[{"delta":{"x":${open.repeat(9000)}1${[...close].reverse().join('').repeat(9000)}}}]}`;
      assert.doesNotThrow(() => JSON.parse(deep));
      const holdback = new Holdback(dialect, { padding: null });
      assert.throws(() => holdback.push({ name: '', data: deep }), { code: 'upstream_failed' });
    }
  }
});

test('a control that needs the whole answer holds all of it to the end (D2)', async () => {
  const whole = bound(control(() => ({ level: 'allow' }), { stages: ['output'] }));
  const chunk = Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n');
  const { left } = await judgedStream(chat, [chunk, chunk], { padding: null }, [whole]);
  assert.deepEqual(
    left.map((text) => text.length > 0),
    [false, false, true],
  );
});

test('a denial in mid-stream lets nothing more out (D2)', async () => {
  const denies = bound(
    control(
      ({ parts }) => ({
        level: parts.some(({ text }) => text.includes('bad')) ? 'deny' : 'allow',
        settled: 'all',
      }),
      { stages: ['output'], windowed: true },
    ),
  );
  const chunk = (text: string) =>
    Buffer.from(`data: {"choices":[{"index":0,"delta":{"content":"${text}"}}]}\n\n`);
  await assert.rejects(
    judgedStream(chat, [chunk('good'), chunk('bad'), chunk('more')], { padding: null }, [denies]),
    /denied/,
  );
});
