import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { judgedStream } from '../../../test/streams/judged-stream.ts';
import { dialects } from '../dialects/index.ts';
import { Padding, type Random } from './padding.ts';

// Bytes that look random and are the same in each run.
const seeded = (): Random => {
  let count = 0;
  return (size) => {
    const blocks: Buffer[] = [];
    for (let have = 0; have < size; have += 32) {
      blocks.push(createHash('sha256').update(`seed ${count++}`).digest());
    }
    return Buffer.concat(blocks).subarray(0, size);
  };
};

const deltas: Record<string, (text: string) => object> = {
  'openai.chat': (text) => ({ choices: [{ index: 0, delta: { content: text } }] }),
  'openai.responses': (text) => ({
    type: 'response.output_text.delta',
    output_index: 0,
    content_index: 0,
    delta: text,
  }),
  'anthropic.messages': (text) => ({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text },
  }),
};

const tokens = [
  'a',
  ' the',
  ' cat',
  '\n',
  '"',
  ' ünï',
  ' 日本',
  '\\\\',
  ' antidisestablishmentarian',
];

async function sizes(id: string, padding: Padding | null): Promise<readonly number[]> {
  const dialect = dialects.find((one) => one.id === id);
  assert.ok(dialect);
  const make = deltas[id] as (text: string) => object;
  const chunks = ['warm up', ...tokens].map((token) =>
    Buffer.from(`data: ${JSON.stringify(make(token))}\n\n`),
  );
  const { left } = await judgedStream(dialect, chunks, { padding });
  return left.slice(1, 1 + tokens.length).map((text) => Buffer.byteLength(text));
}

for (const id of Object.keys(deltas)) {
  test(`${id}: padded, tokens of any usual length have one size on the wire (T7)`, async () => {
    assert.ok(new Set(await sizes(id, null)).size >= 5, 'without padding the sizes tell');
    assert.equal(new Set(await sizes(id, new Padding(seeded()))).size, 1);
  });
}

test('with logprobs, sizes fall into coarse steps that hide the tokens (T7)', async () => {
  const dialect = dialects.find((one) => one.id === 'openai.chat');
  assert.ok(dialect);
  const chunks = tokens.map((token) => {
    const logprobs = { content: [{ token, logprob: -0.1, bytes: [...Buffer.from(token)] }] };
    const choices = [{ index: 0, delta: { content: token }, logprobs }];
    return Buffer.from(`data: ${JSON.stringify({ choices })}\n\n`);
  });
  const { left } = await judgedStream(dialect, chunks, { padding: new Padding(seeded()) });
  const seen = new Set(left.slice(0, tokens.length).map((text) => Buffer.byteLength(text)));
  assert.ok(seen.size <= 2, [...seen].join());
});

test("an upstream's own padding does not reach the caller, padded or not (T7)", async () => {
  const dialect = dialects.find((one) => one.id === 'openai.chat');
  assert.ok(dialect);
  const chunk = { obfuscation: 'upstream', choices: [{ index: 0, delta: { content: 'a' } }] };
  const chunks = [Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`)];
  for (const padding of [null, new Padding(seeded())]) {
    const { text } = await judgedStream(dialect, chunks, { padding });
    assert.doesNotMatch(text, /upstream/);
    assert.equal(text.includes('obfuscation'), padding !== null);
  }
});

test('padding has the length asked, and is not the same twice', () => {
  const padding = new Padding(seeded());
  const seen = new Set<string>();
  for (let i = 0; i < 500; i++) {
    const pad = padding.take(i % 40);
    assert.match(pad, /^[A-Za-z0-9_-]*$/);
    assert.equal(pad.length, i % 40);
    if (pad.length > 8) assert.ok(!seen.has(pad));
    seen.add(pad);
  }
  assert.equal(padding.take(100_000).length, 100_000);
});
