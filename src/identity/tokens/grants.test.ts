import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  calculateJwkThumbprint,
  decodeProtectedHeader,
  exportSPKI,
  generateKeyPair,
  type SignJWT,
} from 'jose';
import {
  audience,
  clientAssertion,
  type Got,
  issuer,
  jwtBearerGrant,
  post,
  type TestAgent,
  tokenWorld,
  type World,
} from '../../../test/identity/token-world.ts';
import { GatehouseError } from '../../kernel/index.ts';
import type { IdJag } from '../federation/id-jag.ts';

let world: World;
let mailer: TestAgent;
let planner: TestAgent;
const assertions = new Map<string, IdJag>();

function refused(
  got: Got,
  error: string,
  about: RegExp,
  status = error === 'invalid_client' ? 401 : 400,
) {
  assert.equal(got.body['error'], error, JSON.stringify(got.body));
  assert.match(String(got.body['error_description']), about);
  assert.equal(got.status, status);
  assert.match(got.headers['cache-control'] ?? '', /no-store/);
}

describe('token endpoint', () => {
  before(async () => {
    world = await tokenWorld({
      async verifyIdJag(assertion) {
        const found = assertions.get(assertion);
        if (found !== undefined) return found;
        throw new GatehouseError('unauthenticated', 'the assertion is of another issuer');
      },
    });
    mailer = await world.agent('mailer');
    planner = await world.agent('planner');
  });
  after(() => world.close());

  test('an agent gets an at+jwt of five minutes for itself by its own key (A1)', async () => {
    const { status, body, token, claims, headers } = await mailer.token({ scope: 'call_model' });
    assert.equal(status, 200);
    assert.deepEqual(
      [body['token_type'], body['expires_in'], body['scope']],
      ['Bearer', 300, 'call_model'],
    );
    assert.equal(headers['cache-control'], 'no-store');
    const { typ, alg } = decodeProtectedHeader(token);
    assert.deepEqual([typ, alg], ['at+jwt', 'ES256']);
    const { jti, iat, parents, ...rest } = claims;
    assert.match(String(jti), /^tok_[0-9a-f]{32}$/);
    assert.equal(iat, mailer.second);
    assert.deepEqual(parents, [await mailer.thumbprint()]);
    const who = { iss: issuer, aud: audience, sub: 'mailer', client_id: 'mailer' };
    assert.deepEqual(rest, { ...who, exp: mailer.second + 300, scope: 'call_model' });
  });

  test('client assertions that do not fit are refused (A1)', async () => {
    const at = mailer.second;
    const cases: [object, RegExp][] = [
      [{ exp: at - 10 }, /expired/],
      [{ exp: at + 3600 }, /longer than 300 s/],
      [{ exp: undefined }, /exp/],
      [{ nbf: at + 60 }, /nbf/],
      [{ iat: at + 60 }, /future/],
      [{ aud: 'https://other.example' }, /aud/],
      [{ aud: [issuer, 'https://other.example'] }, /aud/],
      [{ aud: undefined }, /aud/],
      [{ jti: undefined }, /jti/],
      [{ jti: '' }, /jti/],
      [{ jti: 7 }, /jti/],
      [{ iss: 'nobody', sub: 'nobody' }, /no registered agent/],
      [{ iss: 'planner', sub: 'planner' }, /no key that is registered/],
      [{ sub: 'planner' }, /elsewhere/],
      [{ iss: 'https://idp.example' }, /elsewhere/],
    ];
    for (const [claims, about] of cases) {
      const client_assertion = await mailer.assertion(claims);
      refused(await mailer.token({ client_assertion }), 'invalid_client', about);
    }
  });

  test('another type, key or algorithm is refused, also by confusion (A1)', async () => {
    const stranger = await generateKeyPair('ES256');
    const cases: [object, Parameters<SignJWT['sign']>[0], RegExp][] = [
      [{ typ: 'dpop+jwt' }, mailer.pair.privateKey, /typ/],
      [{ typ: 'at+jwt' }, mailer.pair.privateKey, /typ/],
      [{}, stranger.privateKey, /no key that is registered/],
      [{ kid: 'other' }, mailer.pair.privateKey, /no key that is registered/],
      [{ jwk: mailer.jwk }, stranger.privateKey, /no key that is registered/],
    ];
    for (const [header, key, about] of cases) {
      const client_assertion = await mailer.assertion({}, header, key as never);
      refused(await mailer.token({ client_assertion }), 'invalid_client', about);
    }
    const [, payload = ''] = (await mailer.assertion()).split('.');
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const none = `${encoded({ alg: 'none' })}.${payload}.`;
    refused(await mailer.token({ client_assertion: none }), 'invalid_client', /algorithm/);
    const hs = `${encoded({ alg: 'HS256' })}.${payload}`;
    const mac = createHmac('sha256', await exportSPKI(mailer.pair.publicKey)).update(hs);
    const confused = `${hs}.${mac.digest('base64url')}`;
    refused(await mailer.token({ client_assertion: confused }), 'invalid_client', /algorithm/);
  });

  test('requests that are malformed are refused (A1)', async () => {
    const { tokens } = world.open();
    const form = 'grant_type=client_credentials';
    const send = (text: string, headers = {}) => post(tokens, '/oauth/token', text, headers);
    refused(await send(`${form}&${form}`), 'invalid_request', /twice/);
    refused(await send(form), 'invalid_client', /does not say who/);
    const type = { 'content-type': 'application/json' };
    refused(await send('{}', type), 'invalid_request', /form-urlencoded/);
    refused(await send(`a=${'x'.repeat(65_536)}`), 'invalid_request', /65536 bytes/, 413);
    const basic = { authorization: 'Basic bWFpbGVyOng=' };
    refused(await send(form, basic), 'invalid_client', /client_assertion/);
    refused(await send(`${form}&client_assertion=x`), 'invalid_request', /client_assertion_type/);
    refused(await mailer.token({ grant_type: undefined }), 'invalid_request', /grant_type/);
    refused(await mailer.token({ grant_type: 'password' }), 'unsupported_grant_type', /grant_type/);
    refused(await mailer.token({ scope: 'call_everything' }), 'invalid_scope', /call_model/);
    refused(await mailer.token({ audience: 'other' }), 'invalid_target', /audience/);
    refused(await mailer.token({ client_id: 'planner' }), 'invalid_client', /client_id/);
    const got = await tokens.prepare({
      method: 'GET',
      path: '/oauth/token',
      headers: {},
      form: '',
      certificates: [],
    });
    assert.ok(got.kind === 'answer' && got.answer.status === 405);
  });

  test('two processes that are shown one assertion at once: exactly one takes it, 50 times (A1)', async () => {
    const processes = [world.open().tokens, world.open().tokens];
    for (let round = 0; round < 50; round++) {
      const client_assertion = await mailer.assertion();
      const answers = await Promise.all(
        [0, 1, 0, 1].map((one) => mailer.token({ client_assertion }, {}, processes[one])),
      );
      const won = answers.filter(({ status }) => status === 200);
      assert.equal(won.length, 1);
      for (const lost of answers) if (lost !== won[0]) refused(lost, 'invalid_client', /before/);
    }
  });

  test('a revoked key, a disabled agent and a disabled owner get nothing (A1)', async () => {
    const gone = await world.agent('gone');
    await world.agents.revokePublicKey(await gone.thumbprint());
    refused(await gone.token(), 'invalid_client', /no key that is registered/);
    const stopped = await world.agent('stopped');
    await world.agents.disable('stopped');
    refused(await stopped.token(), 'invalid_client', /disabled/);
    const orphan = await world.agent('orphan', 'eve');
    await world.agents.disableOwner('eve');
    refused(await orphan.token(), 'invalid_client', /disabled/);
  });

  test('nothing is signed before the permit, and a refusal leaves no token (A1)', async () => {
    const { tokens } = world.open();
    const prepare = async () => {
      const client_assertion = await mailer.assertion();
      const auth = { client_assertion_type: clientAssertion, client_assertion };
      const form = new URLSearchParams({ grant_type: 'client_credentials', ...auth }).toString();
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const request = { method: 'POST', path: '/oauth/token', headers, form, certificates: [] };
      const prepared = await tokens.prepare(request);
      assert.ok(prepared.kind === 'pending');
      return { pending: prepared.pending, client_assertion };
    };
    const { pending, client_assertion } = await prepare();
    const { principal, facts } = pending;
    assert.deepEqual([principal.name, principal.credential.kind], ['mailer', 'at+jwt']);
    assert.equal(facts['jti'], principal.credential.id);
    assert.ok(!JSON.stringify(facts).includes(client_assertion));
    const answer = pending.refuse('policy `no-tokens` forbids it');
    assert.deepEqual([answer.status, JSON.parse(answer.body).error], [400, 'unauthorized_client']);
    const late = (await prepare()).pending;
    world.wait(300_000);
    assert.match((await late.release()).body, /too late/);
  });

  describe('assertions of persons', () => {
    let serial = 0;
    function assertion(change: Partial<IdJag> = {}): string {
      const id = `jag-${++serial}`;
      const expires = world.clock.now() + 200_000;
      const of = { issuer: 'https://idp.example', subject: 'alice', clientId: 'mailer' };
      assertions.set(id, { ...of, scopes: null, id, expires, thumbprint: null, ...change });
      return id;
    }
    const ask = (agent: TestAgent, id: string, form = {}) =>
      agent.token({ grant_type: jwtBearerGrant, assertion: id, ...form });

    test('an agent acts for the person who let it, no longer than that (A1)', async () => {
      const scopes = ['openid', 'call_tool:send', 'call_model'];
      const { claims, body } = await ask(mailer, assertion({ scopes }));
      assert.deepEqual([claims.sub, claims['client_id']], ['alice', 'mailer']);
      assert.deepEqual(claims['act'], { sub: 'mailer' });
      assert.equal(body['scope'], 'call_tool:send call_model');
      assert.equal(body['expires_in'], 200);
      const next = await planner.exchange((await ask(mailer, assertion())).token);
      const act = { sub: 'planner', act: { sub: 'mailer' } };
      assert.deepEqual([next.claims.sub, next.claims['act']], ['alice', act]);
    });

    test('an assertion that is bound to a key counts with a proof of that key alone (A1)', async () => {
      const thumbprint = await mailer.thumbprint();
      const form = () => ({ grant_type: jwtBearerGrant, assertion: assertion({ thumbprint }) });
      refused(await mailer.token(form()), 'invalid_grant', /bound to a key/);
      const foreign = { dpop: await planner.proof() };
      refused(await mailer.token(form(), foreign), 'invalid_grant', /bound to a key/);
      const { claims } = await mailer.token(form(), { dpop: await mailer.proof() });
      assert.deepEqual(claims['cnf'], { jkt: thumbprint });
    });

    test('an assertion counts once, for its client, for a person, within its scopes (A1)', async () => {
      const once = assertion();
      assert.equal((await ask(mailer, once)).status, 200);
      refused(await ask(mailer, once), 'invalid_grant', /used before/);
      refused(await ask(planner, assertion()), 'invalid_grant', /another client/);
      refused(await ask(mailer, assertion({ subject: 'mailer' })), 'invalid_grant', /agent/);
      refused(await ask(mailer, assertion({ subject: 'planner' })), 'invalid_grant', /agent/);
      refused(await ask(mailer, assertion({ subject: 'a\0b' })), 'invalid_grant', /texts/);
      refused(await ask(mailer, 'garbage'), 'invalid_grant', /another issuer/);
      refused(await ask(mailer, assertion({ expires: 0 })), 'invalid_grant', /expired/);
      refused(await ask(mailer, assertion({ scopes: ['openid'] })), 'invalid_scope', /nothing/);
      const thumbprint = 'A'.repeat(43);
      const bound = assertion({ thumbprint });
      refused(await ask(mailer, bound), 'invalid_grant', /bound to a key/);
      const dpop = await mailer.proof();
      const form = { grant_type: jwtBearerGrant, assertion: bound };
      refused(await mailer.token(form, { dpop }), 'invalid_grant', /bound to a key/);
      const own = assertion({ thumbprint: await calculateJwkThumbprint(mailer.jwk) });
      const proof = { dpop: await mailer.proof() };
      assert.equal((await mailer.token({ ...form, assertion: own }, proof)).status, 200);
      const narrow = assertion({ scopes: ['call_model:general'] });
      refused(await ask(mailer, narrow, { scope: 'call_model' }), 'invalid_scope', /more than/);
    });
  });
});
