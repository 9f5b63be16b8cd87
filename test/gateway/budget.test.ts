import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import { costOf, type Quota, type Quotas } from '../../src/policy/index.ts';
import { type TestStore, testStore } from '../database.ts';
import { bound, control } from '../kernel/world.ts';
import { closeLedgers, testLedger } from '../ledger/world.ts';
import { testQuotas } from '../policy/quota-world.ts';
import { until } from '../until.ts';
import { call } from './call.ts';
import { openWorld, type World } from './world.ts';

const chat = 'test-model@1';
const claude = 'test-claude@1';
const prices = {
  [chat]: { input: 3, output: 15, cachedInput: 0.3 },
  [claude]: { input: 3, output: 15, cachedInput: 0.3, writtenInput: 3.75 },
};
const quotas: readonly Quota[] = [
  { id: 'tokens', of: 'everyone', measure: 'tokens', limit: 5e6, per: 'ever' },
  { id: 'money', of: 'everyone', measure: 'money', limit: 1000, per: 'ever' },
  { id: 'requests', of: 'everyone', measure: 'requests', limit: 1e6, per: 'ever' },
  { id: 'calls', of: 'everyone', measure: 'concurrency', limit: 100 },
];
const stages = ['enter', 'input', 'model', 'output'] as const;

let store: TestStore;
let metered: Quotas;
let world: World;
let output: 'allow' | 'deny' = 'allow';
let model: 'allow' | 'deny' = 'allow';

/** What everybody used and still holds, in each quota's own unit. */
async function standing(): Promise<Record<string, readonly [used: number, reserved: number]>> {
  const all = await metered.standing();
  return Object.fromEntries(all.map(({ quota, used, reserved }) => [quota, [used, reserved]]));
}

const messages = [{ role: 'user', content: 'hello there' }];

function ask(path: string, body: object): ReturnType<typeof call> {
  return call(world.gateway.url, path, JSON.stringify(body));
}

/** A provider that answers with this usage, whole or streamed. */
function reporting(usage: object, events: readonly object[] = []): void {
  world.provider.answer = (path, body, response) => {
    if ((JSON.parse(body) as { stream?: boolean }).stream === true) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of events as { type?: string }[]) {
        const name = event.type === undefined ? '' : `event: ${event.type}\n`;
        response.write(`${name}data: ${JSON.stringify(event)}\n\n`);
      }
      if (path === '/v1/chat/completions') response.write('data: [DONE]\n\n');
      response.end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ id: 'x', model: 'm-1', choices: [], content: [], usage }));
  };
}

const openai = {
  prompt_tokens: 2006,
  completion_tokens: 300,
  prompt_tokens_details: { cached_tokens: 1920 },
};
// 86 fresh, 1920 cached and 300 out: (86 x 3 + 1920 x 0.3 + 300 x 15) / 1e6 dollars.
const openaiCost = 0.005334;
const anthropic = {
  input_tokens: 21,
  cache_creation_input_tokens: 188_086,
  cache_read_input_tokens: 1_024,
  output_tokens: 393,
};
// 21 fresh at 3, 188,086 put into the cache at 3.75, 1,024 from it at 0.3, 393 out at 15.
const anthropicCost = 0.7115877;

describe('budgets at the gateway', () => {
  before(async () => {
    store = await testStore(6);
    metered = testQuotas(store, quotas, { prices });
    const ledger = await testLedger(store, { claimers: metered.claimers });
    await metered.start();
    world = await openWorld({
      bindings: stages.map((stage) => {
        const level = () => (stage === 'output' ? output : stage === 'model' ? model : 'allow');
        const judge = () => ({ level: level(), settled: 'all' as const });
        return bound(control(judge, { id: `test.${stage}`, stages: [stage], windowed: true }));
      }),
      budgets: { reserve: (one) => metered.reserve(one), cost: costOf(prices) },
      recorder: ledger,
      idleMs: 500,
    });
  });
  afterEach(async () => {
    world.provider.answer = null;
    output = 'allow';
    model = 'allow';
    await store.pool.query('delete from quota_hold; delete from quota_bucket');
  });
  after(async () => {
    await world.close();
    await closeLedgers();
    await metered.close();
    await store.close();
  });

  for (const stream of [false, true]) {
    const how = stream ? 'streamed' : 'whole';
    test(`OpenAI's reported usage is charged exactly, ${how} (M5, I4)`, async () => {
      const choice = { index: 0, delta: { content: 'hi' }, finish_reason: null };
      const chunk = { object: 'chat.completion.chunk', model: 'm-1' };
      reporting(openai, [
        { ...chunk, choices: [choice] },
        { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
        { ...chunk, choices: [], usage: openai },
      ]);
      const answer = await ask('/v1/chat/completions', { model: 'test', stream, messages });
      assert.equal(answer.status, 200);
      const { tokens, money, requests, calls } = await standing();
      assert.deepEqual(
        [tokens, requests, calls],
        [
          [2306, 0],
          [1, 0],
          [0, 0],
        ],
      );
      assert.deepEqual(money, [openaiCost, 0]);
    });

    test(`Anthropic's reported usage is charged exactly, ${how} (M5, I4)`, async () => {
      const usage = { ...anthropic, output_tokens: 1 };
      reporting(anthropic, [
        { type: 'message_start', message: { id: 'a', role: 'assistant', content: [], usage } },
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hi' } },
        { type: 'content_block_stop', index: 0 },
        {
          type: 'message_delta',
          delta: { stop_reason: 'end_turn' },
          usage: { output_tokens: 393 },
        },
        { type: 'message_stop' },
      ]);
      const body = { model: 'test-a', max_tokens: 500, stream, messages };
      assert.equal((await ask('/v1/messages', body)).status, 200);
      const { tokens, money, calls } = await standing();
      assert.deepEqual(
        [tokens, calls],
        [
          [189_524, 0],
          [0, 0],
        ],
      );
      assert.deepEqual(money, [anthropicCost, 0]);
    });
  }

  test('what no model worked on is given back: an error, a refused call (I4)', async () => {
    world.provider.answer = (_path, _body, response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end('{"error":{"message":"no"}}');
    };
    assert.equal((await ask('/v1/chat/completions', { model: 'test', messages })).status, 400);
    world.provider.answer = (_path, _body, response) => void response.writeHead(500).end();
    assert.equal((await ask('/v1/chat/completions', { model: 'test', messages })).status, 502);
    model = 'deny';
    assert.equal((await ask('/v1/chat/completions', { model: 'test', messages })).status, 403);
    const { tokens, money, requests, calls } = await standing();
    assert.deepEqual(
      [tokens, money, calls],
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    );
    // What was refused before it was sent never claimed anything.
    assert.deepEqual(requests, [2, 0]);
  });

  test('an answer that is withheld is charged: the model has worked (I4)', async () => {
    reporting(openai);
    output = 'deny';
    assert.equal((await ask('/v1/chat/completions', { model: 'test', messages })).status, 403);
    assert.deepEqual((await standing())['tokens'], [2306, 0]);
  });

  test('counting tokens costs none (I4)', async () => {
    const answer = await ask('/v1/messages/count_tokens', { model: 'test-a', messages });
    assert.equal(answer.status, 200);
    const { tokens, requests } = await standing();
    assert.deepEqual(
      [tokens, requests],
      [
        [0, 0],
        [1, 0],
      ],
    );
  });

  test('a call that hangs is charged what it reserved, and holds nothing afterwards (I4)', async () => {
    world.provider.answer = () => {};
    const body = { model: 'test', max_tokens: 1000, messages };
    assert.equal((await ask('/v1/chat/completions', body)).status, 504);
    const { tokens, calls } = await standing();
    const [used = 0, reserved] = tokens ?? [];
    assert.ok(used > 1000 && used < 1100, `charged ${used}`);
    assert.deepEqual([reserved, calls], [0, [0, 0]]);
  });

  test('a caller who leaves in mid-stream pays for what came, and holds nothing (I4)', async () => {
    let gone = false;
    world.provider.answer = (_path, _body, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const choices = [{ index: 0, delta: { content: 'and on '.repeat(20) }, finish_reason: null }];
      const more = setInterval(
        () => response.write(`data: ${JSON.stringify({ choices })}\n\n`),
        10,
      );
      response.on('close', () => {
        clearInterval(more);
        gone = true;
      });
    };
    const headers = { 'content-type': 'application/json', authorization: 'Bearer test' };
    const sent = request(`${world.gateway.url}/v1/chat/completions`, { method: 'POST', headers });
    sent.on('response', (answer) => answer.once('data', () => answer.destroy()));
    sent.on('error', () => {});
    sent.end(JSON.stringify({ model: 'test', stream: true, max_tokens: 100_000, messages }));
    await until('the stream has ended', async () => gone && (await standing())['calls']?.[1] === 0);
    const [used = 0, reserved] = (await standing())['tokens'] ?? [];
    assert.ok(used > 40 && used < 20_000, `charged ${used}`);
    assert.equal(reserved, 0);
  });

  test('over a quota the caller reads 429 in its own protocol, and nothing is sent (M5, I4)', async () => {
    const { rows } = await store.pool.query('select count(*)::int as n from quota_bucket');
    assert.equal(rows[0].n, 0);
    world.provider.seen.length = 0;
    const body = { model: 'test', max_tokens: 2e9, messages };
    const answer = await ask('/v1/chat/completions', body);
    assert.equal(answer.status, 429);
    assert.equal(JSON.parse(answer.body).error.code, 'over_limit');
    const other = await ask('/v1/messages', { ...body, model: 'test-a' });
    assert.equal(other.status, 429);
    assert.equal(JSON.parse(other.body).error.type, 'rate_limit_error');
    assert.equal(world.provider.seen.length, 0);
    const { tokens, requests, calls } = await standing();
    assert.deepEqual(
      [tokens, requests, calls],
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    );
  });
});
