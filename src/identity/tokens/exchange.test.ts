import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { generateKeyPair, SignJWT } from 'jose';
import { bearer } from '../../../test/identity/presented.ts';
import {
  accessToken,
  audience,
  type Got,
  issuer,
  type Process,
  type TestAgent,
  tokenWorld,
  type World,
} from '../../../test/identity/token-world.ts';
import { claimsOf } from './access-token.ts';
import { unwrapped } from './signing-key.ts';

let world: World;
let other: Process;
let mailer: TestAgent;
let planner: TestAgent;
let clerk: TestAgent;

function refused(got: Got, error: string, about: RegExp) {
  assert.equal(got.body['error'], error, JSON.stringify(got.body));
  assert.match(String(got.body['error_description']), about);
  assert.equal(got.status, error === 'invalid_client' ? 401 : 400);
}

const identify = async (token: string) => other.principals.identify(bearer(token));

/** Signed with the key of the service itself: what an exchange must still refuse. */
async function signedAs(change: object): Promise<string> {
  const row = await world.store.db.selectFrom('signing_key').selectAll().executeTakeFirstOrThrow();
  const { secret, id } = await unwrapped({ ...row, jwk: {} }, world.kms);
  const iat = mailer.second;
  const token = {
    id: `t${Math.random()}`,
    subject: 'mailer',
    agent: 'mailer',
    hops: [],
    scopes: null,
    issued: iat,
    expires: iat + 300,
    thumbprint: null,
    parents: [],
    mayAct: null,
    ...change,
  };
  return new SignJWT({ ...claimsOf(token, issuer, audience), ...change })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: id })
    .sign(secret);
}

describe('token exchange', () => {
  before(async () => {
    world = await tokenWorld();
    other = world.open();
    [mailer, planner, clerk] = [
      await world.agent('mailer'),
      await world.agent('planner'),
      await world.agent('clerk'),
    ];
  });
  after(() => world.close());

  test('the chain grows by the agent that asks, and says so to whoever reads it (A1)', async () => {
    const first = await mailer.token({ scope: 'call_model call_tool:send' });
    const second = await planner.exchange(first.token);
    assert.equal(second.body['issued_token_type'], accessToken);
    const third = await clerk.exchange(second.token, { scope: 'call_model:general' });
    assert.deepEqual([third.claims.sub, third.claims['client_id']], ['mailer', 'clerk']);
    const act = { sub: 'clerk', act: { sub: 'planner', act: { sub: 'mailer' } } };
    assert.deepEqual(third.claims['act'], act);
    const principal = await identify(third.token);
    assert.equal(principal.name, 'clerk');
    assert.deepEqual(principal.actors, [
      { kind: 'agent', id: 'planner' },
      { kind: 'agent', id: 'mailer' },
    ]);
    assert.deepEqual(principal.credential.scopes, ['call_model:general']);
    const parents = principal.credential.parents ?? [];
    for (const { claims } of [first, second]) assert.ok(parents.includes(String(claims.jti)));
  });

  test('scopes only narrow (A1)', async () => {
    const { token } = await mailer.token({ scope: 'call_model:general call_tool' });
    for (const scope of [
      'call_model',
      'call_model:other',
      'call_model:general call_model',
      'call_tool call_model:generals',
    ]) {
      refused(await planner.exchange(token, { scope }), 'invalid_scope', /more than is held/);
    }
    refused(await planner.exchange(token, { scope: 'root' }), 'invalid_scope', /one of/);
    const { body } = await planner.exchange(token, { scope: 'call_tool:send' });
    assert.equal(body['scope'], 'call_tool:send');
    assert.equal((await planner.exchange(token)).body['scope'], 'call_model:general call_tool');
  });

  test('no token outlives the one that it came from (A1)', async () => {
    const first = await mailer.token();
    world.wait(200_000);
    const { body, claims } = await planner.exchange(first.token);
    assert.equal(body['expires_in'], 100);
    assert.equal(claims.exp, first.claims.exp);
    world.wait(100_000);
    refused(await planner.exchange(first.token), 'invalid_request', /expired/);
    world.wait(10_000);
    refused(await planner.exchange(first.token), 'invalid_request', /expired/);
  });

  test('nothing in the request names an actor; a changed chain fails its signature (A1)', async () => {
    const { token } = await planner.exchange((await mailer.token()).token);
    const forms = [{ act: '{"sub":"root"}' }, { actor: 'root' }, { sub: 'root' }];
    for (const form of forms) {
      const { claims } = await clerk.exchange(token, form);
      const act = { sub: 'clerk', act: { sub: 'planner', act: { sub: 'mailer' } } };
      assert.deepEqual([claims['act'], claims.sub], [act, 'mailer']);
    }
    const [header, payload = '', signature] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    for (const act of [
      { sub: 'mailer', act: { sub: 'planner' } },
      { sub: 'planner' },
      { sub: 'planner', act: { sub: 'clerk' } },
      undefined,
    ]) {
      const text = Buffer.from(JSON.stringify({ ...claims, act })).toString('base64url');
      const forged = `${header}.${text}.${signature}`;
      refused(await clerk.exchange(forged), 'invalid_request', /signature/);
      await assert.rejects(identify(forged), /signature/);
    }
    const { privateKey } = await generateKeyPair('ES256');
    const own = new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'x' });
    refused(await clerk.exchange(await own.sign(privateKey)), 'invalid_request', /key/);
  });

  test('a chain has at most eight agents (A1)', async () => {
    let { token } = await mailer.token();
    for (const agent of [planner, clerk, mailer, planner, clerk, mailer, planner]) {
      ({ token } = await agent.exchange(token));
      assert.notEqual(token, '');
    }
    assert.equal((await identify(token)).actors.length, 7);
    refused(await clerk.exchange(token), 'invalid_request', /longer than 8/);
  });

  test('tokens that do not count now are no subject (A1)', async () => {
    const at = mailer.second;
    const cases: [object, RegExp][] = [
      [{ exp: at - 10, iat: at - 100 }, /expired/],
      [{ iat: at + 60, exp: at + 120 }, /future/],
      [{ nbf: at + 60 }, /nbf/],
      [{ exp: at + 3600 }, /longer than 300 s/],
      [{ aud: 'other' }, /aud/],
      [{ iss: 'https://other.example' }, /iss/],
      [{ client_id: 'planner' }, /claims/],
      [{ scope: 7 }, /claims/],
      [{ cnf: {} }, /claims/],
      [{ act: { sub: 'planner' } }, /claims/],
      [{ parents: 'all' }, /claims/],
      [{ sub: 'ghost', client_id: 'ghost' }, /revoked/],
    ];
    for (const [change, about] of cases) {
      const token = await signedAs(change);
      refused(await planner.exchange(token), 'invalid_request', about);
      await assert.rejects(identify(token));
    }
    for (const type of ['urn:ietf:params:oauth:token-type:saml2', '']) {
      const form = { subject_token_type: type };
      refused(await planner.exchange('x', form), 'invalid_request', /subject_token_type/);
    }
    const form = { requested_token_type: 'urn:ietf:params:oauth:token-type:id_token' };
    refused(await planner.exchange('x', form), 'invalid_request', /requested_token_type/);
  });

  test('`may_act` and `actor_token` are honoured (A1)', async () => {
    const token = await signedAs({ mayAct: 'planner' });
    refused(await clerk.exchange(token), 'invalid_request', /may_act/);
    const next = await planner.exchange(token);
    assert.equal(next.status, 200);
    refused(await clerk.exchange(next.token), 'invalid_request', /may_act/);
    const { token: subject } = await mailer.token();
    const own = (await planner.token()).token;
    const type = { actor_token_type: accessToken };
    assert.equal((await planner.exchange(subject, { ...type, actor_token: own })).status, 200);
    const stolen = { ...type, actor_token: own };
    refused(await clerk.exchange(subject, stolen), 'invalid_request', /not of the client/);
    refused(await clerk.exchange(subject, type), 'invalid_request', /without/);
  });

  test('a bound token is exchanged for a bound one only (A1)', async () => {
    const bound = await mailer.token({}, { dpop: await mailer.proof() });
    assert.equal(bound.body['token_type'], 'DPoP');
    refused(await planner.exchange(bound.token), 'invalid_dpop_proof', /bound/);
    const next = await planner.exchange(bound.token, {}, { dpop: await planner.proof() });
    assert.deepEqual(next.claims['cnf'], { jkt: await planner.thumbprint() });
  });

  test('what ends takes all that came from it along (A1)', async () => {
    const [a, b, c] = [await world.agent(), await world.agent(), await world.agent('c', 'eve')];
    const first = await a.token();
    const second = await b.exchange(first.token);
    const third = await c.exchange(second.token);
    await world.agents.revokeToken(String(first.claims.jti), world.clock.now() + 300_000);
    for (const { token } of [first, second, third]) {
      refused(await mailer.exchange(token), 'invalid_request', /revoked/);
      await assert.rejects(identify(token), /revoked/);
    }
    const fresh = await c.exchange((await b.exchange((await a.token()).token)).token);
    await world.agents.revokePublicKey(await a.thumbprint());
    refused(await mailer.exchange(fresh.token), 'invalid_request', /revoked/);
    const through = await c.exchange((await b.token()).token);
    await world.agents.disable(b.name);
    refused(await mailer.exchange(through.token), 'invalid_request', /revoked/);
    const owned = await c.token();
    await world.agents.disableOwner('eve');
    refused(await mailer.exchange(owned.token), 'invalid_request', /revoked/);
  });

  test('after any exchanges the scopes are within the first and the chain is exactly theirs (A1)', async () => {
    const agents = () => [mailer, planner, clerk];
    const word = fc.constantFrom('call_model', 'call_model:a', 'call_model:b', 'call_tool:x');
    const wanted = fc.option(fc.uniqueArray(word, { minLength: 1 }));
    const step = fc.record({ agent: fc.nat(2), wanted });
    const steps = fc.array(step, { minLength: 1, maxLength: 8 });
    const run = fc.asyncProperty(steps, async ([first, ...rest]) => {
      const scope = (asked: string[] | null) => (asked === null ? {} : { scope: asked.join(' ') });
      const start = agents()[first?.agent ?? 0] as TestAgent;
      let { token, claims } = await start.token(scope(first?.wanted ?? null));
      const held = first?.wanted ?? null;
      const chain = [start.name];
      for (const { agent, wanted } of rest) {
        const got = await (agents()[agent] as TestAgent).exchange(token, scope(wanted));
        if (got.status !== 200) {
          assert.equal(got.body['error'], 'invalid_scope');
          continue;
        }
        chain.unshift((agents()[agent] as TestAgent).name);
        ({ token, claims } = got);
      }
      const names = [];
      for (let act = claims['act'] as Act | undefined; act !== undefined; act = act.act) {
        names.push(act.sub);
      }
      assert.deepEqual(names, chain.length === 1 ? [] : chain);
      if (held === null) return;
      for (const one of String(claims['scope']).split(' ')) {
        assert.ok(
          [one, one.split(':')[0]].some((name) => held.includes(name as never)),
          one,
        );
      }
    });
    await fc.assert(run, { numRuns: 25 });
  });
});

interface Act {
  readonly sub: string;
  readonly act?: Act;
}
