import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { cut, eventsIn, judgedStream } from '../../../test/streams/judged-stream.ts';
import { beginning, wordMasked } from '../../../test/streams/secret-word.ts';
import { type Dialect, dialectAt, dialects } from '../dialects/index.ts';
import { Holdback } from './holdback.ts';

const streaming = dialects.filter((one) => one.stream !== null);
const golden = (dialect: Dialect, end: string) => {
  const name = `../dialects/golden/${dialect.id.replace('.', '-')}.${end}.sse`;
  return readFileSync(new URL(name, import.meta.url));
};

for (const dialect of streaming) {
  test(`${dialect.id}: the golden stream comes out masked, however its bytes are cut (D2)`, async () => {
    const wanted = golden(dialect, 'out').toString();
    const bytes = golden(dialect, 'in');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 400 })), async (sizes) => {
        const { text, holdback } = await judgedStream(dialect, cut(bytes, sizes));
        assert.equal(text, wanted);
        assert.equal(holdback.ended, 'complete');
      }),
      { numRuns: 60 },
    );
  });

  test(`${dialect.id}: cut off anywhere, nothing of the word leaves, nor the end (D2)`, async () => {
    const bytes = golden(dialect, 'in');
    for (let length = 1; length < bytes.length - 2; length += 41) {
      const { text, holdback } = await judgedStream(dialect, [bytes.subarray(0, length)]);
      assert.doesNotMatch(text, /SECRET/);
      assert.equal(holdback.ended, 'open');
      assert.throws(() => holdback.last(), { code: 'unexpected' });
    }
  });

  test(`${dialect.id}: the record says what was masked, and usage is read (E5)`, async () => {
    const { entries, holdback } = await judgedStream(dialect, [golden(dialect, 'in')]);
    const { masks } = entries.at(-1) as { masks: readonly unknown[] };
    assert.ok(masks.length >= 4);
    const keys = Object.keys(holdback.usage ?? {}).filter((key) => key !== 'written');
    assert.deepEqual(keys, ['input', 'output', 'cached']);
    assert.ok((holdback.usage?.output ?? 0) >= 20);
  });
}

const chat = dialectAt('/v1/chat/completions') as Dialect;

interface Piece {
  readonly choice: number;
  readonly field: string;
  readonly text: string;
}

// Pieces of the word and near-words, so that it is cut in every way and over every channel.
const piece = fc.record({
  choice: fc.nat(1),
  field: fc.constantFrom('content', 'reasoning_content', 'refusal'),
  text: fc.constantFrom(
    'S',
    'SE',
    'SEC',
    'RET',
    'CRET',
    'ET',
    'T',
    'SECRET',
    'SECRETSECRET',
    ' ',
    '☃',
  ),
});

function chunkOf({ choice, field, text }: Piece, n: number): string {
  const chunk = { id: `id-${n}`, choices: [{ index: choice, delta: { [field]: text } }] };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

function textsOf(pieces: readonly Piece[]): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const { choice, field, text } of pieces) {
    const channel = `${choice} ${field}`;
    texts[channel] = (texts[channel] ?? '') + text;
  }
  return texts;
}

function piecesIn(text: string): readonly Piece[] {
  return eventsIn(text).flatMap((event) =>
    (event.choices as { index: number; delta: Record<string, string> }[]).flatMap((choice) =>
      Object.entries(choice.delta).map(([field, one]) => ({
        choice: choice.index,
        field,
        text: one,
      })),
    ),
  );
}

test('each channel of a stream reads as its whole text would, masked; events keep their order (D2)', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece),
      fc.array(fc.integer({ min: 1, max: 200 })),
      async (pieces, sizes) => {
        const wire = `${pieces.map(chunkOf).join('')}data: [DONE]\n\n`;
        const { text, left } = await judgedStream(chat, cut(Buffer.from(wire), sizes));
        const wanted = Object.entries(textsOf(pieces)).map(([key, all]) => [key, wordMasked(all)]);
        assert.deepEqual(textsOf(piecesIn(text)), Object.fromEntries(wanted));
        assert.deepEqual(
          eventsIn(text).map(({ id }) => id),
          pieces.map((_, n) => `id-${n}`),
        );
        assert.equal(left.at(-1), 'data: [DONE]\n\n');
      },
    ),
    { numRuns: 300 },
  );
});

test('nothing leaves that could still become the word, in any channel (D2)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 1 }), async (pieces) => {
      const chunks = pieces.map((one, n) => Buffer.from(chunkOf(one, n)));
      const { left } = await judgedStream(chat, chunks);
      for (let n = 0; n < pieces.length; n++) {
        const came = textsOf(pieces.slice(0, n + 1));
        for (const [channel, gone] of Object.entries(
          textsOf(piecesIn(left.slice(0, n + 1).join(''))),
        )) {
          const all = came[channel] ?? '';
          const safe = wordMasked(all.slice(0, all.length - beginning(all)));
          assert.ok(safe.startsWith(gone), `${gone} left of ${all}`);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('text without a hold leaves with the chunk that brought it', async () => {
  const chunks = ['a', 'b', 'SE', 'e', 'c'].map((text, n) =>
    Buffer.from(chunkOf({ choice: 0, field: 'content', text }, n)),
  );
  const { left } = await judgedStream(chat, chunks);
  assert.deepEqual(
    left.map((text) => piecesIn(text).map((one) => one.text)),
    [['a'], ['b'], [], ['SE', 'e'], ['c'], []],
  );
});

test('what waits is bounded, and more is a refusal (D2)', () => {
  const flood = (make: (n: number) => string) => () => {
    const holdback = new Holdback(chat, { padding: null, limit: 10_000 });
    for (let n = 0; n < 2000; n++) holdback.push({ name: '', data: make(n) });
  };
  const delta = (n: number) => chunkOf({ choice: 0, field: 'content', text: 'text' }, n).slice(6);
  assert.throws(flood(delta), { code: 'refused' });
  assert.throws(
    flood(() => '{}'),
    { code: 'refused' },
  );
  assert.throws(
    flood((n) => `{"key ${n}":1}`),
    { code: 'refused' },
  );
  const channels = () => {
    const holdback = new Holdback(chat, { padding: null });
    for (let n = 0; n < 5000; n++) {
      holdback.push({ name: '', data: `{"choices":[{"index":${n},"delta":{"content":"x"}}]}` });
    }
  };
  assert.throws(channels, { code: 'upstream_failed' });
});

test('what the gateway asked for and the caller did not is taken out (T7)', async () => {
  const usage = { prompt_tokens: 3, completion_tokens: 4 };
  const wire = [
    { choices: [], usage: null },
    { choices: [], usage },
  ]
    .map((one) => `data: ${JSON.stringify(one)}\n\n`)
    .join('');
  const options = { padding: null, hideUsage: true };
  const { text, holdback } = await judgedStream(
    chat,
    [Buffer.from(`${wire}data: [DONE]\n\n`)],
    options,
  );
  assert.equal(text, 'data: {"choices":[]}\n\ndata: [DONE]\n\n');
  assert.deepEqual(holdback.usage, { input: 3, output: 4, cached: 0 });
});
