import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definition, key } from '../../test/upstream/opened.ts';
import type { GatehouseError } from '../kernel/index.ts';
import type { UpstreamDefinition } from './definition.ts';
import { targetOf } from './target.ts';

function urlOf(change: Partial<UpstreamDefinition>, path: string, model = 'm'): string {
  const target = targetOf(definition(change));
  return target.origin + target.pathOf(path, model);
}

test('addresses are joined as each provider`s own clients join them', () => {
  const chat = '/v1/chat/completions';
  const rows: [Partial<UpstreamDefinition>, string, string][] = [
    [{ url: 'https://api.openai.com' }, chat, 'https://api.openai.com/v1/chat/completions'],
    [{ url: 'https://api.openai.com/v1/' }, chat, 'https://api.openai.com/v1/chat/completions'],
    [{ url: 'http://127.0.0.1:11434/v1' }, chat, 'http://127.0.0.1:11434/v1/chat/completions'],
    [
      {
        url: 'https://r.openai.azure.com/openai/deployments/{model}',
        query: { 'api-version': '2024-10-21' },
      },
      chat,
      'https://r.openai.azure.com/openai/deployments/gpt%2F4/chat/completions?api-version=2024-10-21',
    ],
    [
      { kind: 'anthropic', url: 'https://api.anthropic.com' },
      '/v1/messages',
      'https://api.anthropic.com/v1/messages',
    ],
    [
      { kind: 'anthropic', url: 'https://proxy.example/anthropic' },
      '/v1/messages',
      'https://proxy.example/anthropic/v1/messages',
    ],
    [
      { kind: 'anthropic', url: 'https://api.anthropic.com/v1' },
      '/v1/messages/count_tokens',
      'https://api.anthropic.com/v1/messages/count_tokens',
    ],
  ];
  for (const [change, path, expected] of rows) assert.equal(urlOf(change, path, 'gpt/4'), expected);
});

function headers(change: Partial<UpstreamDefinition>, extra: Record<string, string> = {}) {
  const flat = targetOf(definition({ url: 'https://x.example', ...change })).headersOf(
    false,
    extra,
  );
  return Object.fromEntries(
    flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] as string]] : [])),
  );
}

test('the key goes where the provider looks for it', () => {
  assert.equal(headers({})['authorization'], `Bearer ${key}`);
  assert.equal(headers({ kind: 'anthropic' })['x-api-key'], key);
  assert.equal(headers({ auth: 'api-key' })['api-key'], key);
});

test('every header is sent once, whatever a definition adds', () => {
  const own = { 'User-Agent': 'mine', 'X-API-Key': 'other' };
  const target = targetOf(
    definition({ url: 'https://x.example', auth: 'x-api-key', headers: own }),
  );
  const names = target.headersOf(true, {}).filter((_, i) => i % 2 === 0);
  assert.equal(new Set(names).size, names.length);
  assert.equal(headers({ auth: 'x-api-key', headers: own })['x-api-key'], key);
});

test('of the caller`s headers only listed ones go on, and only where they belong', () => {
  const extra = { 'anthropic-beta': 'b', authorization: 'mine', cookie: 'c', host: 'evil' };
  const anthropic = headers({ kind: 'anthropic' }, extra);
  assert.equal(anthropic['anthropic-beta'], 'b');
  assert.equal(anthropic['anthropic-version'], '2023-06-01');
  assert.deepEqual([anthropic['authorization'], anthropic['cookie']], [undefined, undefined]);
  assert.equal(headers({}, extra)['anthropic-beta'], undefined);
  assert.throws(
    () => headers({ kind: 'anthropic' }, { 'anthropic-beta': 'a\r\nx: y' }),
    (error: GatehouseError) => error.code === 'bad_request',
  );
});

test('a definition that cannot be right is refused by name, without its key', () => {
  const rows: Partial<UpstreamDefinition>[] = [
    { url: 'nonsense' },
    { url: 'ftp://x.example' },
    { url: 'http://x.example' },
    { url: `https://user:${key}@x.example` },
    { url: `https://x.example/?key=${key}` },
    { url: 'https://x.example', apiKey: `${key}\n` },
    { url: 'https://x.example', apiKey: '' },
    { url: 'https://x.example', headers: { Host: 'y' } },
    { url: 'https://x.example', headers: { 'Transfer-Encoding': 'chunked' } },
    { url: 'https://x.example', headers: { 'x-a': `${key}\r\nb` } },
    { url: 'https://x.example', headers: { 'x a': 'b' } },
  ];
  for (const row of rows) {
    assert.throws(
      () => targetOf(definition(row)),
      (error: GatehouseError) => {
        assert.equal(error.code, 'bad_config');
        assert.match(error.message, /upstreams\.a\./);
        assert.ok(!error.message.includes(key), error.message);
        return true;
      },
    );
  }
  assert.equal(
    urlOf({ url: 'http://gpu.lan:8000', allowPlainHttp: true }, '/v1/models'),
    'http://gpu.lan:8000/v1/models',
  );
});
