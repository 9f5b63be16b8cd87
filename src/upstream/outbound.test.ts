import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answered, rawProvider } from '../../test/upstream/raw-provider.ts';
import { GatehouseError } from '../kernel/index.ts';
import { clientFetch, type OutboundOptions, outbound } from './outbound.ts';

const limits: OutboundOptions = { timeoutMs: 5_000, maxBytes: 1_000 };

function code(expected: string) {
  return (thrown: unknown) => {
    assert.ok(thrown instanceof GatehouseError, String(thrown));
    assert.equal(thrown.code, expected);
    assert.ok(!thrown.message.includes('token-1'), thrown.message);
    return true;
  };
}

test('an outward call brings its answer whole, whatever its status', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write(answered(409, 'why', ['x-a: b']));
  });
  const answer = await outbound(limits)(`${provider.url}/x`, {
    method: 'POST',
    headers: { authorization: 'Bearer token-1' },
    body: 'hello',
  });
  assert.deepEqual([answer.status, answer.headers['x-a'], answer.text()], [409, 'b', 'why']);
  assert.match(provider.asked[0]?.text ?? '', /^POST \/x [\s\S]*hello$/);
});

test('an outward call follows no redirect', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write(answered(302, '', ['location: http://127.0.0.9/']));
  });
  assert.equal((await outbound(limits)(provider.url)).status, 302);
  assert.equal(provider.asked.length, 1);
});

test('an outward call goes to allowed hosts alone', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => socket.write(answered(200, 'yes')));
  const call = outbound({ ...limits, allowHosts: ['other.example', new URL(provider.url).host] });
  assert.equal((await call(provider.url)).text(), 'yes');
  await assert.rejects(call('https://evil.example/token-1'), code('bad_request'));
  await assert.rejects(call('file:///etc/passwd'), code('bad_request'));
  await assert.rejects(call('token-1'), code('bad_request'));
});

test('an outward call reads no more than its limit, also of what is compressed', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write(answered(200, 'x'.repeat(2_000)));
  });
  await assert.rejects(outbound(limits)(provider.url), code('upstream_failed'));
});

test('an outward call tells a silent peer, a dead one and a caller that left apart', async (t) => {
  const headers = { authorization: 'Bearer token-1' };
  const silent = await rawProvider(t, () => {});
  const short = outbound({ ...limits, timeoutMs: 30 });
  await assert.rejects(short(silent.url, { headers }), code('upstream_timeout'));
  const { port } = new URL(silent.url);
  const dead = outbound(limits)(`http://127.0.0.9:${port}/token-1`, { headers });
  await assert.rejects(dead, code('upstream_failed'));
  const leaving = new AbortController();
  const left = outbound(limits)(silent.url, { headers, signal: leaving.signal });
  leaving.abort();
  await assert.rejects(left, code('timed_out'));
});

test('the fetch for clients refuses redirects', async (t) => {
  const provider = await rawProvider(t, ({ socket }) => {
    socket.write(answered(302, '', ['location: http://127.0.0.9/']));
  });
  const { fetch, close } = clientFetch();
  t.after(close);
  await assert.rejects(fetch(provider.url));
  assert.equal(provider.asked.length, 1);
});
