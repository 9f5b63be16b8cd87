import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { secretsControl } from '../../src/guard/index.ts';
import type { Stage } from '../../src/kernel/index.ts';
import { bound, control } from '../kernel/world.ts';
import { call, requests } from './call.ts';
import { openWorld, type World } from './world.ts';

const stages: readonly Stage[] = ['enter', 'input', 'model', 'output'];
const passing = bound(
  control(() => ({ level: 'allow', settled: 'all' }), { stages, windowed: true }),
);
const chat = '/v1/chat/completions';
const messages = '/v1/messages';
const token = `ghp_${'Ab3dEf6hIj'.repeat(4).slice(0, 36)}`;

let world: World;
before(async () => {
  world = await openWorld({ bindings: [passing, bound(secretsControl(), { timeoutMs: 5_000 })] });
});
afterEach(async () => {
  world.provider.answer = null;
  const body = (requests[chat] as { body: object }).body;
  assert.equal((await call(world.gateway.url, chat, JSON.stringify(body))).status, 200);
  assert.deepEqual(world.defects, []);
});
after(() => world.close());

const asked = (path: string, more: object) => {
  const { body } = requests[path] as { body: object };
  return JSON.stringify({ ...body, ...more });
};
const odd: [string, string][] = [
  ['half a character', '\ud800'],
  ['a zero character', 'a\0b'],
  ['a line end', 'a\nb'],
  ['300 characters', 'a'.repeat(300)],
];

for (const [what, name] of odd) {
  test(`a model or user of ${what} is the caller's error, not a failure of the record (D2)`, async () => {
    const bodies: [string, object][] = [
      [chat, { model: name }],
      [chat, { user: name }],
      ['/v1/responses', { safety_identifier: name }],
      [messages, { metadata: { user_id: name } }],
    ];
    world.provider.seen.length = 0;
    for (const [path, more] of bodies) {
      const answer = await call(world.gateway.url, path, asked(path, more));
      assert.equal(answer.status, 400, `${path}: ${answer.body}`);
    }
    assert.equal(world.provider.seen.length, 0);
  });
}

test('a name of many code units does not lose half a character on its way to the record', async () => {
  const body = asked(chat, { model: `${'a'.repeat(199)}😀` });
  assert.equal((await call(world.gateway.url, chat, body)).status, 400);
  const user = `${'a'.repeat(127)}😀`;
  assert.equal((await call(world.gateway.url, chat, asked(chat, { user }))).status, 200);
});

test('names that a caller chose stand on the record as `*`, and cannot make it fail (D3)', async () => {
  for (const name of ['\ud800', '\u0001'.repeat(300), 'ann miller', '4111111111111111']) {
    const tools = Array.from({ length: 120 }, () => ({ [name]: token }));
    const body = asked(chat, { messages: [{ role: 'user', content: 'hi', extra: tools }] });
    const answer = await call(world.gateway.url, chat, body);
    assert.equal(answer.status, 200, answer.body);
    const entry = world.record.entries.at(-2);
    const masks = (entry?.['masks'] ?? []) as unknown as [string][];
    assert.equal(masks[0]?.[0], '/messages/0/*/0/*');
  }
});

test('an answer that nests without end is the upstream`s failure, and on the record (D2)', async () => {
  world.provider.answer = (_, __, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(`{"a":${'["x",'.repeat(5_000)}1${']'.repeat(5_000)}}`);
  };
  const answer = await call(world.gateway.url, chat, asked(chat, {}));
  assert.equal(answer.status, 502, answer.body);
  assert.equal(world.record.entries.at(-1)?.['ended'], 'failed');
});

test('an answer of names too long to be judged is the upstream`s failure (I4)', async () => {
  world.provider.answer = (_, __, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ['k'.repeat(400_000)]: Array(200).fill('x') }));
  };
  const answer = await call(world.gateway.url, chat, asked(chat, {}));
  assert.equal(answer.status, 502, answer.body);
  assert.equal(world.record.entries.at(-1)?.['ended'], 'failed');
});

test('a stream of names too long to be judged is denied (I4)', async () => {
  const deltas = [{ ['k'.repeat(100_000)]: { a: 'x' } }, {}];
  const others = [{}, { ['k'.repeat(100_000)]: Array.from({ length: 99 }, (_, i) => `x${i}`) }];
  for (const at of [0, 1]) {
    world.provider.answer = (_, __, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const choices = [{ index: 0, delta: deltas[at] }];
      response.end(`data: ${JSON.stringify({ choices, ...others[at] })}\n\ndata: [DONE]\n\n`);
    };
    const answer = await call(world.gateway.url, chat, asked(chat, { stream: true }));
    assert.ok(
      answer.status === 502 || answer.status === 403,
      `${answer.status} ${answer.body.slice(0, 300)}`,
    );
  }
});

test('token counts that no number can hold do not make the record fail', async () => {
  world.provider.answer = (_, __, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const usage =
      '{"input_tokens":1.7e308,"cache_read_input_tokens":1.7e308,"output_tokens":1e999}';
    response.end(`{"type":"message","content":[],"usage":${usage}}`);
  };
  const answer = await call(world.gateway.url, messages, asked(messages, {}));
  assert.equal(answer.status, 200, answer.body);
});
