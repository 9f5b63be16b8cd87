import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bearer } from '../../../test/identity/presented.ts';
import {
  audience,
  clientAssertion,
  issuer,
  type Process,
  post,
  type TestAgent,
  tokenWorld,
  type World,
} from '../../../test/identity/token-world.ts';
import { GatehouseError } from '../../kernel/index.ts';
import type { Presented } from '../presented.ts';
import type { VerifiedToken } from '../verified-token.ts';
import { openTokenService } from './authorization-server.ts';

let world: World;
let other: Process;
let mailer: TestAgent;
let planner: TestAgent;
let clerk: TestAgent;
let verified: VerifiedToken;
const shown: Presented[] = [];

const introspect = async (agent: TestAgent, token: string) =>
  (await agent.post('/oauth/introspect', { token })).body;
const revoke = (agent: TestAgent, token: string) => agent.post('/oauth/revoke', { token });

async function fetched(path: string) {
  const headers = { host: 'evil.example' };
  const request = { method: 'GET', path, headers, form: '', certificates: [] };
  const prepared = await other.tokens.prepare(request);
  assert.ok(prepared.kind === 'answer');
  assert.equal(prepared.answer.status, 200);
  return JSON.parse(prepared.answer.body);
}

describe('token service', () => {
  before(async () => {
    world = await tokenWorld({
      async federated(presented) {
        shown.push(presented);
        if (presented.credential === 'garbage') {
          throw new GatehouseError('unauthenticated', 'this token does not count: it is garbage');
        }
        return verified;
      },
    });
    other = world.open();
    [mailer, planner, clerk] = [
      await world.agent('mailer'),
      await world.agent('planner'),
      await world.agent('clerk'),
    ];
  });
  after(() => world.close());

  test('metadata and keys are published under the configured issuer alone (A1)', async () => {
    const about = await fetched('/.well-known/oauth-authorization-server');
    assert.equal(about.issuer, issuer);
    assert.equal(about.token_endpoint, `${issuer}/oauth/token`);
    assert.deepEqual(about.response_types_supported, []);
    assert.ok(!about.grant_types_supported.includes('urn:ietf:params:oauth:grant-type:jwt-bearer'));
    assert.ok(!JSON.stringify(about).includes('evil'));
    const { keys } = await fetched('/oauth/jwks');
    assert.equal(keys.length, 1);
    assert.equal(keys[0].d, undefined);
  });

  test('introspection tells an agent what counts, and of the rest nothing (A1)', async () => {
    const first = await mailer.token({ scope: 'call_model' });
    const second = await planner.exchange(first.token);
    const { active, sub, client_id, act, scope, token_type } = await introspect(
      clerk,
      second.token,
    );
    assert.deepEqual(
      [active, sub, client_id, scope, token_type],
      [true, 'mailer', 'planner', 'call_model', 'Bearer'],
    );
    assert.deepEqual(act, { sub: 'planner', act: { sub: 'mailer' } });
    const cut = second.token.slice(0, -3);
    for (const token of ['x', 'a.b.c', cut, await mailer.assertion()]) {
      assert.deepEqual(await introspect(clerk, token), { active: false });
    }
    await revoke(mailer, first.token);
    assert.deepEqual(await introspect(clerk, second.token), { active: false });
    const form = { token: second.token };
    assert.equal((await post(other.tokens, '/oauth/introspect', form)).status, 401);
    assert.equal((await clerk.post('/oauth/introspect', {})).body['error'], 'invalid_request');
  });

  test('an agent revokes what it asked for or what went through it, and no more (A1)', async () => {
    const { principals } = other;
    const first = await mailer.token();
    const second = await planner.exchange(first.token);
    const denied = await revoke(clerk, second.token);
    assert.deepEqual([denied.status, denied.body['error']], [400, 'unauthorized_client']);
    assert.equal((await principals.identify(bearer(second.token))).name, 'planner');
    assert.equal((await revoke(mailer, second.token)).status, 200);
    world.wait(1_000);
    await assert.rejects(async () => principals.identify(bearer(second.token)), /revoked/);
    assert.equal((await principals.identify(bearer(first.token))).name, 'mailer');
    assert.equal((await revoke(mailer, first.token)).status, 200);
    for (const token of [first.token, 'garbage']) {
      assert.equal((await revoke(mailer, token)).status, 200);
    }
    const got = await post(other.tokens, '/oauth/revoke', { token: first.token });
    assert.deepEqual([got.status, got.body['error']], [401, 'invalid_client']);
  });

  test('a client by an identity from elsewhere gets no more than that is good for (A1)', async () => {
    verified = {
      kind: 'oidc',
      agent: 'mailer',
      id: 'outside-1',
      expires: world.clock.now() + 120_000,
      actors: [],
      scopes: ['call_model'],
      thumbprint: null,
      bound: false,
      parents: [],
    };
    const form = {
      grant_type: 'client_credentials',
      client_assertion_type: clientAssertion,
      client_assertion: 'a.b.c',
    };
    const ask = (change = {}, certificates: Uint8Array[] = []) =>
      post(other.tokens, '/oauth/token', { ...form, ...change }, {}, certificates);
    const got = await ask();
    assert.deepEqual([got.body['scope'], got.body['expires_in']], ['call_model', 120]);
    assert.deepEqual(got.claims['parents'], ['outside-1']);
    assert.equal((await ask({ scope: 'call_tool' })).body['error'], 'invalid_scope');
    const nobody = { client_assertion: undefined, client_assertion_type: undefined };
    assert.equal((await ask(nobody)).body['error'], 'invalid_client');
    assert.equal((await ask(nobody, [Buffer.from('leaf')])).status, 200);
    assert.deepEqual([shown.at(-1)?.scheme, shown.at(-1)?.credential], ['none', null]);
    const bad = await ask({ client_assertion: 'garbage' });
    assert.deepEqual([bad.status, bad.body['error']], [401, 'invalid_client']);
    const base = verified;
    for (const change of [
      { agent: 'nobody' },
      { actors: [{ kind: 'person', id: 'alice' }] as const },
      { thumbprint: 'x' },
      { id: 'a\0b' },
    ]) {
      verified = { ...base, ...change };
      assert.equal((await ask()).body['error'], 'invalid_client');
    }
    verified = base;
    await world.agents.revokeToken('outside-1', world.clock.now());
    assert.match(String((await ask()).body['error_description']), /revoked/);
  });

  test('while the database is away, it says so, and nothing passes (A1)', async () => {
    const away = await tokenWorld();
    const { tokens } = away.open();
    const agent = await away.agent();
    const proof = await agent.proof();
    await away.store.pool.end();
    const { status, body } = await agent.token();
    assert.deepEqual([status, body['error']], [503, 'temporarily_unavailable']);
    const of = { proof, method: 'POST', url: `${issuer}/oauth/token`, token: null };
    await assert.rejects(tokens.proofs.read(of), { code: 'store_unavailable' });
    await away.close();
  });

  test('an issuer that is no origin is refused at start (A1)', () => {
    const { db } = world.store;
    for (const bad of ['gatehouse', 'https://a.example/', 'https://a.example/x', 'ftp://a', '']) {
      const open = () =>
        openTokenService({
          db,
          kms: world.kms,
          clock: world.clock,
          random: (size) => Buffer.alloc(size),
          issuer: bad,
          audience,
          log: () => {},
          revoke: async () => {},
        });
      assert.throws(open, { code: 'bad_config' });
    }
  });
});
