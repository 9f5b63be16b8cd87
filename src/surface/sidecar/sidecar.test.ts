import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { call } from '../../../test/gateway/call.ts';
import { type SidecarWorld, sidecarWorld } from '../../../test/product/run/sidecar.ts';

const path = '/v1/chat/completions';
const port = ({ sidecar }: SidecarWorld) => Number(new URL(sidecar.url).port);

describe('what a sidecar takes', () => {
  let world: SidecarWorld;
  before(async () => {
    world = await sidecarWorld();
  });
  after(() => world.close());

  test('a call passes with the agent’s token and a proof of its own (A2)', async () => {
    const first = await call(world.sidecar.url, `${path}?a=1`, '{}');
    const second = await call(world.sidecar.url, '/v1/models', null);
    assert.deepEqual([first.status, second.status], [200, 200], first.body + second.body);
    assert.deepEqual(JSON.parse(first.body), { ok: true, got: 2 });
    const [one, two] = world.gateway.seen.slice(-2);
    assert.equal(one?.url, `${path}?a=1`);
    assert.notEqual(one?.headers['dpop'], two?.headers['dpop']);
  });

  test('credentials and hops that a program sends are taken off (A2, D4)', async () => {
    const answer = await call(world.sidecar.url, path, '{}', {
      authorization: 'Bearer gh_smuggled',
      'x-api-key': 'gh_smuggled',
      'api-key': 'gh_smuggled',
      dpop: 'smuggled',
      cookie: 'smuggled=1',
      'proxy-authorization': 'Basic smuggled',
      'x-forwarded-for': '10.0.0.1',
      forwarded: 'for=10.0.0.1',
      connection: 'keep-alive, x-hop',
      'x-hop': 'smuggled',
      te: 'trailers',
      'anthropic-version': '2023-06-01',
    });
    assert.equal(answer.status, 200, answer.body);
    const headers = world.gateway.seen.at(-1)?.headers ?? {};
    assert.equal(headers['anthropic-version'], '2023-06-01');
    assert.match(headers.authorization ?? '', /^DPoP eyJ/);
    const sent = JSON.stringify({ ...headers, authorization: '', dpop: '' });
    assert.doesNotMatch(sent, /smuggled|10\.0\.0\.1/);
    assert.doesNotMatch(String(headers['dpop']), /smuggled/);
  });

  test('a GET that says that its body is empty passes', async () => {
    const raw = `GET /v1/models HTTP/1.1\r\nhost: 127.0.0.1:${port(world)}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`;
    assert.match(await spoken(port(world), raw), /^HTTP\/1\.1 200 /);
  });

  test('two authorization headers do not become one of the program’s choice (A2)', async () => {
    const raw =
      `GET /v1/models HTTP/1.1\r\nhost: 127.0.0.1:${port(world)}\r\nAuthorization: Bearer a\r\n` +
      'AUTHORIZATION: Bearer b\r\ndpop: a\r\nDPoP: b\r\nconnection: close\r\n\r\n';
    assert.match(await spoken(port(world), raw), /^HTTP\/1\.1 200 /);
    assert.match(world.gateway.seen.at(-1)?.headers.authorization ?? '', /^DPoP eyJ[^,]+$/);
  });

  test('a foreign Host and a web page are refused (D4)', async () => {
    const refusals = [
      { host: 'evil.example' },
      { host: `evil.example:${port(world)}` },
      { host: '127.0.0.1:1' },
      { host: `0.0.0.0:${port(world)}` },
      { origin: 'http://evil.example' },
      { origin: world.sidecar.url },
      { origin: 'null' },
      { 'sec-fetch-site': 'same-origin' },
    ];
    const before = world.gateway.seen.length;
    for (const headers of refusals) {
      const { status } = await call(world.sidecar.url, path, '{}', headers as never);
      assert.equal(status, 'host' in headers ? 421 : 403, JSON.stringify(headers));
    }
    const preflight = `OPTIONS ${path} HTTP/1.1\r\nhost: localhost:${port(world)}\r\nconnection: close\r\n\r\n`;
    assert.match(await spoken(port(world), preflight), /^HTTP\/1\.1 405 /);
    assert.equal(world.gateway.seen.length, before);
    const named = await call(world.sidecar.url, path, '{}', { host: `localhost:${port(world)}` });
    assert.equal(named.status, 200);
  });

  test('nothing beside /v1/ is reached, however it is spelled (D4, A2)', async () => {
    const beside = [
      '/',
      '/v1',
      '/healthz',
      '/oauth/token',
      '/v1/../oauth/token',
      '/v1/%2e%2e/oauth/token',
      '/v1/.%2E/oauth/token',
      '/v1/..\\oauth\\token',
      '\\v1\\x',
      '//127.0.0.1/v1/x',
      'http://127.0.0.1:1/v1/models',
      'http://evil.example/v1/models',
      '/v1/\t../../oauth/token',
      '*',
    ];
    const issued = world.gateway.tokens.length;
    for (const target of beside) {
      const raw = `GET ${target} HTTP/1.1\r\nhost: 127.0.0.1:${port(world)}\r\nconnection: close\r\n\r\n`;
      assert.match(await spoken(port(world), raw), /^HTTP\/1\.1 40[04] /, target);
    }
    assert.equal(world.gateway.tokens.length, issued);
    assert.deepEqual(world.gateway.refused, []);
  });

  test('a tunnel and an upgrade lead nowhere (D4)', async () => {
    const host = `host: 127.0.0.1:${port(world)}`;
    const tunnel = await spoken(
      port(world),
      `CONNECT evil.example:443 HTTP/1.1\r\n${host}\r\n\r\n`,
    );
    assert.equal(tunnel.includes('200'), false);
    const upgrade = `GET /v1/models HTTP/1.1\r\n${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`;
    assert.doesNotMatch(await spoken(port(world), upgrade, 'ok'), /^HTTP\/1\.1 101/);
    assert.equal(world.gateway.seen.at(-1)?.headers.upgrade, undefined);
  });
});

/** What a listener says to raw bytes, until it closes or has said `until`. */
function spoken(port: number, raw: string, until?: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(raw));
    let said = '';
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1');
      if (until !== undefined && said.includes(until)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(said));
  });
}
