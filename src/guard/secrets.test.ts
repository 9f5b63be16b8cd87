import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  applyMasks,
  type Mask,
  mergeMasks,
  type Part,
  type Subject,
  subject,
} from '../kernel/index.ts';
import { secretsControl } from './secrets.ts';

const control = secretsControl();
const stop = () => new AbortController().signal;
const github = `ghp_${'aB3dE5fG7hJ9kLmN2pQ4rS6tU8vW0xYzaB3d'}`;
const pem = `-----BEGIN ${'PRIVATE'} KEY-----`;

function about(parts: readonly Part[], window?: { readonly final: boolean }): Subject {
  return subject({
    stage: 'output',
    trace: '0'.repeat(32),
    step: 0,
    principal: {
      kind: 'agent',
      id: 'agt_1',
      name: 'tester',
      owner: 'o',
      tenant: 't',
      credential: { kind: 'internal', id: 'c', expires: 0 },
      actors: [],
    },
    resource: { type: 'model', id: 'm@1' },
    context: {},
    measures: {},
    content: null,
    parts,
    ...(window === undefined ? {} : { window }),
  });
}

function judge(parts: readonly Part[], window?: { readonly final: boolean }) {
  const opinion = control.judge(about(parts, window), stop);
  assert.ok(!(opinion instanceof Promise), 'answers at once');
  return opinion;
}

function part(text: string, more: Partial<Part> = {}): Part {
  return { path: '/t', role: 'assistant', text, ...more };
}

/** The text as it leaves when judged as a whole. */
function asWhole(text: string): string {
  const { level, masks = [] } = judge([part(text)]);
  return level === 'deny' ? 'denied' : applyMasks(text, mergeMasks(masks));
}

/** The text as it leaves when it comes in chunks: released as settled, with little context kept. */
function inChunks(chunks: readonly string[], context: number): string {
  let window = '';
  let base = 0;
  let released = 0;
  let out = '';
  for (const [i, chunk] of [...chunks, ''].entries()) {
    window += chunk;
    const final = i === chunks.length;
    const opinion = judge([part(window, { base, released })], { final });
    if (opinion.level === 'deny') return 'denied';
    const { settled } = opinion;
    const until = final || settled === 'all' ? window.length : (settled?.['/t'] ?? 0);
    assert.ok(until >= released, 'what was released stays settled');
    const masks: Mask[] = [];
    for (const mask of mergeMasks(opinion.masks ?? [])) {
      assert.ok(mask.end <= until || mask.start >= until, 'no mask is cut in two');
      assert.ok(mask.start >= released, 'no mask reaches what was released');
      const { start, end } = mask;
      if (end <= until) masks.push({ ...mask, start: start - released, end: end - released });
    }
    out += applyMasks(window.slice(released, until), masks);
    const drop = Math.max(0, until - context);
    window = window.slice(drop);
    base += drop;
    released = until - drop;
  }
  return out;
}

const pieces = [
  ...['ghp_', 'sk-', 'sk-ant-', 'AKIA', 'eyJ', '://', 'user:', '@host', 'Q~', ':AA', 'SK', 'gh_'],
  ...[
    'token',
    'password',
    'page_',
    'secret',
    'Bearer ',
    'api_key',
    '_id',
    's',
    '=',
    ': ',
    ':=',
    '"',
  ],
  ...[
    ' ',
    '\n',
    '\\n',
    '\\',
    ',',
    '.',
    '-',
    '-----',
    pem,
    `-----END ${'PRIVATE'} KEY-----`,
    '(',
    '5',
  ],
  ...[
    'AB12CD34EF56GH78',
    'aB3dE5fG7hJ9kLmN2pQ4rS6tU8vW0xYz',
    'hunter2!',
    'word',
    'The',
    'é',
    '\ud83d',
  ],
  ...[
    '0123456789abcdef0123456789abcdef',
    'eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl',
    github,
    '12345678',
  ],
];
const texts = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 6 })), { maxLength: 24 })
  .map((all) => all.join(''));

test('a stream in any chunks leaves as the whole text would (D3, D2)', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });
  const law = fc.property(texts, sizes, fc.constantFrom(128, 40, 16), (text, cuts, context) => {
    const chunks: string[] = [];
    for (let at = 0, i = 0; at < text.length; i++) {
      const size = cuts[i % cuts.length] as number;
      chunks.push(text.slice(at, at + size));
      at += size;
    }
    assert.equal(inChunks(chunks, context), asWhole(text));
  });
  fc.assert(law, { numRuns: 4000 });
});

test('every prefix of a stream settles only what the whole keeps (D3)', () => {
  const text = `a ${github} b password = hunter2! c https://u:s3cr3tpw9@h/ d\n${pem}\n${'aB3d'.repeat(20)}`;
  for (let size = 1; size < 9; size++) {
    const chunks = text.match(new RegExp(`.{1,${size}}`, 'gs')) ?? [];
    assert.equal(inChunks(chunks, 128), asWhole(text));
  }
});

test('ordinary words flow without delay (D2)', () => {
  const words = 'The quick brown fox jumps over a lazy dog and rests. ';
  let held = 0;
  for (let end = 1; end <= words.length; end++) {
    const { settled } = judge([part(words.slice(0, end))], { final: false });
    const until = settled === 'all' ? end : (settled?.['/t'] ?? 0);
    held = Math.max(held, end - until);
  }
  assert.ok(held <= 3, `${held} characters were held`);
});

test('masks secrets in place, and says what they are without quoting them (D3)', () => {
  const opinion = judge([part('nothing here'), part(`use ${github} now`, { path: '/u' })]);
  assert.equal(opinion.level, 'amend');
  assert.equal(opinion.code, 'secret_masked');
  assert.deepEqual(opinion.masks, [
    { path: '/u', start: 4, end: 4 + github.length, labels: ['secret.github_token'] },
  ]);
  assert.ok(!JSON.stringify(opinion).includes(github));
});

test('a secret in a property name is a denial, for it cannot be masked (D3)', () => {
  const opinion = judge([{ path: '#keys', role: 'key', text: `name\n${github}` }]);
  assert.equal(opinion.level, 'deny');
  assert.equal(opinion.code, 'secret_in_key');
});

test('a private key is held until its end, and refused where none comes (D3)', () => {
  const body = 'aB3dE5fG7hJ9kLmN2pQ4rS6tU8vW0xYzaB3dE5fG7hJ9kLmN2pQ4rS6tU8vW0xYz\n';
  const begun = judge([part(`see ${pem}\n${body.repeat(10)}`)], { final: false });
  assert.deepEqual(begun.settled, { '/t': 4 });
  const endless = judge([part(`see ${pem}\n${body.repeat(600)}`)], { final: false });
  assert.equal(endless.level, 'deny');
  assert.equal(endless.code, 'secret_unterminated');
});

test('a part that is whole is judged to its end in a window (D3)', () => {
  const text = 'password = hunter2!';
  const open = judge([part(text)], { final: false });
  assert.deepEqual(open.settled, { '/t': 0 });
  const whole = judge([part(text, { whole: true })], { final: false });
  assert.equal(whole.level, 'amend');
  assert.deepEqual(whole.settled, { '/t': text.length });
});
