import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type ControlWorld, controlWorld } from '../../../test/control/world.ts';
import { GatehouseError } from '../../kernel/index.ts';
import { controlApp } from './control-app.ts';
import { controlPlane } from './control-plane.ts';

const routes: readonly (readonly [string, string])[] = [
  ['GET', '/openapi.json'],
  ['GET', '/metrics'],
  ['GET', '/v1/health'],
  ['GET', '/v1/setup'],
  ['POST', '/v1/setup/token'],
  ['GET', '/v1/agents'],
  ['POST', '/v1/agents'],
  ['GET', '/v1/agents/a'],
  ['POST', '/v1/agents/a/disable'],
  ['GET', '/v1/agents/a/keys'],
  ['POST', '/v1/agents/a/keys'],
  ['POST', '/v1/keys/k/revoke'],
  ['POST', '/v1/agents/a/risk'],
  ['GET', '/v1/agents/a/public-keys'],
  ['POST', '/v1/agents/a/public-keys'],
  ['POST', '/v1/public-keys/k/revoke'],
  ['GET', '/v1/agents/a/identities'],
  ['POST', '/v1/agents/a/identities'],
  ['POST', '/v1/identities/i/revoke'],
  ['GET', '/v1/owners'],
  ['POST', '/v1/owners/o/disable'],
  ['POST', '/v1/tokens/t/revoke'],
  ['GET', '/v1/quotas'],
  ['GET', '/v1/signing-keys'],
  ['POST', '/v1/signing-keys/rotate'],
  ['GET', '/v1/policies'],
  ['POST', '/v1/policies/check'],
  ['POST', '/v1/policies/reload'],
  ['GET', '/v1/models'],
  ['GET', '/v1/agents/a/privileges'],
  ['POST', '/v1/policies/explain'],
  ['POST', '/v1/policies/replay'],
  ['GET', '/v1/traces'],
  ['GET', `/v1/traces/${'0'.repeat(32)}`],
  ['GET', `/v1/traces/${'0'.repeat(32)}/bundle`],
  ['GET', '/v1/ledger'],
  ['GET', '/v1/ledger/entries'],
  ['GET', '/v1/ledger/entries/0'],
  ['GET', '/log/checkpoint'],
  ['GET', '/log/key'],
  ['GET', '/log/tile/0/000'],
];

let world: ControlWorld;
let now = Date.parse('2030-01-01T00:00:00Z');
const clock = { now: () => now, after: () => () => {} };

describe('the doorstep of the control plane', () => {
  before(async () => {
    world = await controlWorld({}, clock);
  });
  after(() => world.close());

  test('every route that is described is in this table, and the other way round', async () => {
    const { paths } = (await world.ask('/openapi.json')).json() as {
      paths: Record<string, Record<string, unknown>>;
    };
    const described = Object.entries(paths).flatMap(([path, methods]) => {
      return Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`);
    });
    const matches = (template: string, route: string) => {
      return new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(route);
    };
    const known = [...routes.map((route) => route.join(' ')), 'GET /healthz'];
    for (const template of described) {
      assert.ok(
        known.some((route) => matches(template, route)),
        template,
      );
    }
    for (const route of known.filter((one) => one !== 'GET /openapi.json')) {
      assert.ok(
        described.some((template) => matches(template, route)),
        route,
      );
    }
    const served = controlApp(world.parts, { hosts: new Set() }).routes;
    const handled = served.filter(({ method }) => method !== 'ALL');
    const unlike = handled.filter(({ method, path }) => {
      const plain = path.replace(/\{[^}]+\}/g, '').replace(/:(\w+)/g, 'x');
      return (
        !known.some((route) => route === `${method} ${path}`) &&
        !described.some((template) => matches(template, `${method} ${plain}`))
      );
    });
    assert.deepEqual(
      unlike.map(({ path }) => path),
      [],
    );
  });

  for (const [method, path] of routes) {
    test(`${method} ${path} wants a token, the right Host and no foreign page (A2)`, async () => {
      const none = await world.ask(path, { method, token: null });
      assert.equal(none.status, 401);
      assert.match(String(none.headers['www-authenticate']), /^Bearer /);
      now += 60_000;
      const wrong = await world.ask(path, { method, token: `${world.token}x` });
      assert.equal(wrong.status, 401);
      for (const host of ['evil.example', 'evil.example:4101', '127.0.0.1.evil.example']) {
        const rebound = await world.ask(path, { method, headers: { host } });
        assert.equal(rebound.status, 421);
        assert.equal(codeOf(rebound), 'misdirected');
      }
      for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1']) {
        const foreign = await world.ask(path, { method, headers: { origin } });
        assert.equal(foreign.status, 403);
        assert.equal(foreign.headers['access-control-allow-origin'], undefined);
      }
    });
  }

  test('answers health without a token, and says no more than whether it works', async () => {
    const answer = await world.ask('/healthz', { token: null });
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json(), { status: 'ok' });
  });

  test('takes a page of its own origin', async () => {
    const origin = `http://127.0.0.1:${world.plane.port}`;
    assert.equal((await world.ask('/v1/models', { headers: { origin } })).status, 200);
  });

  test('gives no page leave to call it: preflights are refused', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'GET' };
    const answer = await world.ask('/v1/models', { method: 'OPTIONS', headers, token: null });
    assert.equal(answer.status, 403);
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  });

  test('sends security headers, also with errors', async () => {
    for (const path of ['/v1/models', '/nowhere', '/healthz']) {
      const { headers } = await world.ask(path);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['x-frame-options'], 'DENY');
      assert.equal(headers['cache-control'], 'no-store');
    }
  });

  test('slows down who guesses, and still lets the operator in', async () => {
    now += 60_000;
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) {
      statuses.push((await world.ask('/v1/models', { token: `guess-${i}` })).status);
    }
    assert.deepEqual(statuses, [...Array(10).fill(401), 429, 429]);
    assert.equal((await world.ask('/v1/models')).status, 200);
    now += 60_000;
    assert.equal((await world.ask('/v1/models', { token: 'guess' })).status, 401);
  });

  test('answers unknown routes as JSON, and only to who holds the token', async () => {
    assert.equal((await world.ask('/v1/nothing', { token: null })).status, 401);
    const answer = await world.ask('/v1/nothing');
    assert.equal(answer.status, 404);
    assert.deepEqual(answer.json(), {
      error: {
        code: 'not_found',
        kind: 'user',
        message: '`GET /v1/nothing` is no endpoint; see `/openapi.json`',
      },
    });
  });

  test('takes a body in chunks as one that says its length, and no more of it', async () => {
    const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
    const send = (body: string) => world.ask('/v1/agents', { method: 'POST', headers, body });
    assert.equal((await send('{"name":"chunked","owner":"ana"}')).status, 201);
    assert.equal((await send(`{"name":"${'x'.repeat(1024 * 1024)}"}`)).status, 413);
    assert.equal((await send('{"name":')).status, 400);
    const none = await world.ask('/v1/agents', { method: 'DELETE', headers });
    assert.equal(none.status, 404);
    assert.deepEqual(world.defects, []);
  });

  test('refuses a Host that is no name, and bytes that are no request', async () => {
    const { port } = world.plane;
    const host = await raw(port, 'GET /v1/models HTTP/1.1\r\nhost: a b\r\n\r\n');
    assert.match(host, /^HTTP\/1\.1 4(00|21) /);
    const both =
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n';
    assert.match(await raw(port, `${both}\r\n0\r\n\r\n`), /^HTTP\/1\.1 400 /);
    assert.match(await raw(port, 'GET /healthz HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 4(00|21) /);
  });
});

describe('where the control plane listens', () => {
  const listen = { port: 0, behindTlsProxy: false, hosts: [] };

  test('plain HTTP off loopback is refused with the mend (D4)', async () => {
    const opening = controlPlane(world.parts, { listen: { ...listen, host: '0.0.0.0' } });
    await assert.rejects(opening, (error) => {
      assert.ok(error instanceof GatehouseError);
      assert.equal(error.code, 'bad_config');
      assert.match(error.message, /`0\.0\.0\.0`.*`behindTlsProxy: true`/);
      return true;
    });
  });

  test('a port that is taken is named', async () => {
    const { port } = world.plane;
    const reopened = await controlWorld();
    const taken = { ...listen, host: '127.0.0.1', port: reopened.plane.port };
    const opening = controlPlane(reopened.parts, { listen: taken });
    await assert.rejects(opening, /another program listens there/);
    await reopened.close();
    assert.notEqual(port, reopened.plane.port);
  });
});

describe('what may be open', () => {
  test('the log and the metrics, if the configuration says so', async () => {
    const open = await controlWorld({ publicLog: true, openMetrics: true });
    try {
      await open.log.append('test', {});
      for (const path of ['/log/checkpoint', '/log/key', '/log/tile/0/000.p/1', '/metrics']) {
        assert.equal((await open.ask(path, { token: null })).status, 200, path);
      }
      assert.equal((await open.ask('/v1/traces', { token: null })).status, 401);
      for (const path of ['/log/../v1/traces', '/log/%2e%2e/v1/traces', '/healthz/../v1/traces']) {
        assert.equal((await open.ask(path, { token: null })).status, 401, path);
      }
      const tile = await open.ask('/log/tile/0/000.p/1', { token: null });
      assert.equal(tile.headers['cache-control'], 'public, max-age=60');
    } finally {
      await open.close();
    }
  });

  test('further names, if they are listed', async () => {
    const named = await controlWorld({ hosts: ['gatehouse.example'] });
    try {
      const headers = { host: 'gatehouse.example' };
      assert.equal((await named.ask('/v1/models', { headers })).status, 200);
    } finally {
      await named.close();
    }
  });
});

function codeOf(answer: { json(): unknown }): string {
  return (answer.json() as { error: { code: string } }).error.code;
}

function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}
