import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { type TestStore, testStore } from '../../test/database.ts';
import { type Clock, GatehouseError } from '../kernel/index.ts';
import { openIdentity, type Principals } from './identity.ts';
import type { Presented } from './presented.ts';

const issuer = 'https://tokens.example';
const audience = 'gatehouse';
let now = Date.parse('2030-01-01T00:00:00Z');
const clock: Clock = { now: () => now, after: () => () => {} };
const ours = await generateKeyPair('ES256', { extractable: true });
const theirs = await generateKeyPair('ES256');
const jwk = { ...(await exportJWK(ours.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };

let store: TestStore;
let principals: Principals;

interface Change {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: Parameters<SignJWT['sign']>[0];
}

let serial = 0;
function token({ claims = {}, header = {}, key = ours.privateKey }: Change = {}): Promise<string> {
  const iat = Math.floor(now / 1000);
  const all = {
    iss: issuer,
    aud: audience,
    sub: 'mailer',
    client_id: 'mailer',
    jti: `t${++serial}`,
    iat,
    exp: iat + 300,
    ...claims,
  };
  const protectedHeader = { alg: 'ES256', typ: 'at+jwt', kid: 'k1', ...header };
  return new SignJWT(all).setProtectedHeader(protectedHeader).sign(key);
}

function bearer(credential: string): Presented {
  const place = { method: 'POST', url: 'https://gatehouse.example/v1/messages' };
  return { scheme: 'bearer', credential, proof: null, ...place, certificates: [] };
}

async function refused(text: string, about: RegExp): Promise<void> {
  const attempt = async () => principals.identify(bearer(text));
  await assert.rejects(attempt, (error) => {
    assert.ok(error instanceof GatehouseError);
    assert.equal(error.code, 'unauthenticated');
    assert.match(error.message, about);
    assert.ok(!error.message.includes(text.slice(20, 60)));
    return true;
  });
}

describe('tokens', () => {
  before(async () => {
    store = await testStore();
    principals = openIdentity({
      db: store.db,
      clock,
      random: (size) => randomBytes(size),
      issuers: [{ issuer, audience, jwks: JSON.stringify({ keys: [jwk] }) }],
    });
    for (const name of ['mailer', 'retired']) {
      await principals.agents.create({ name, owner: 'ada', purpose: 'testing', tenant: 'default' });
    }
    await principals.agents.disable('retired');
  });
  after(() => store.close());

  test('an at+jwt stands for the registered agent it names (A1)', async () => {
    const text = await token();
    const principal = await principals.identify(bearer(text));
    assert.equal(principal.name, 'mailer');
    assert.equal(principal.owner, 'ada');
    assert.equal(principal.credential.kind, 'at+jwt');
    assert.equal(principal.credential.expires, now + 300_000);
    assert.deepEqual(principal.actors, []);
    assert.equal(principals.identify(bearer(text)), principal);
  });

  test('the chain of delegation comes along, the nearest first (A1)', async () => {
    const act = { sub: 'mailer', act: { sub: 'planner', act: { sub: 'router' } } };
    const principal = await principals.identify(
      bearer(await token({ claims: { sub: 'alice', act } })),
    );
    assert.equal(principal.name, 'mailer');
    assert.deepEqual(principal.actors, [
      { kind: 'agent', id: 'planner' },
      { kind: 'agent', id: 'router' },
      { kind: 'person', id: 'alice' },
    ]);
  });

  test('a malformed or endless chain is refused (A1)', async () => {
    let deep: object = { sub: 'x' };
    for (let i = 0; i < 20; i++) deep = { sub: 'x', act: deep };
    for (const act of ['alice', null, [], {}, { sub: 7 }, { sub: 'a', act: 'b' }, deep]) {
      await refused(await token({ claims: { act } }), /act/);
    }
  });

  test('claims that do not fit are refused (A1)', async () => {
    const at = Math.floor(now / 1000);
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ exp: at - 60, iat: at - 120 }, /expired/],
      [{ exp: at - 1, iat: at - 120 }, /expired/],
      [{ nbf: at + 60 }, /nbf/],
      [{ iat: at + 60, exp: at + 120 }, /future/],
      [{ exp: at + 3600 }, /longer than 300 s/],
      [{ aud: 'another' }, /aud/],
      [{ iss: 'https://evil.example' }, /issuer/],
      [{ client_id: 'nobody' }, /not registered/],
      [{ client_id: 'retired' }, /disabled/],
      [{ client_id: 7 }, /names/],
      [{ cnf: { jkt: 'x' } }, /bound/],
      [{ cnf: { jkt: 'A'.repeat(43) } }, /bound|proof/],
      [{ cnf: { 'x5t#S256': 'A'.repeat(43) } }, /bound/],
      [{ cnf: { jkt: 'A'.repeat(43), 'x5t#S256': 'A'.repeat(43) } }, /bound to a key in a way/],
      [{ cnf: null }, /bound/],
      [{ jti: undefined }, /jti/],
      [{ exp: undefined }, /exp/],
      [{ iat: undefined }, /iat/],
    ];
    for (const [claims, about] of cases) await refused(await token({ claims }), about);
  });

  test('another type, key or algorithm is refused, also by confusion (A1)', async () => {
    await refused(await token({ header: { typ: 'JWT' } }), /typ/);
    await refused(await token({ header: { typ: 'id_token+jwt' } }), /typ/);
    await refused(await token({ key: theirs.privateKey }), /signature/);
    await refused(await token({ header: { kid: 'k2' } }), /JWK set/);
    await refused(await token({ header: { jwk }, key: theirs.privateKey }), /signature/);
    const [header = '', payload = '', signature = ''] = (await token()).split('.');
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const none = encoded({ alg: 'none', typ: 'at+jwt' });
    await refused(`${none}.${payload}.`, /./);
    await refused(`${none}.${payload}.${signature}`, /algorithm/);
    // The public key used as the secret of a symmetric signature.
    const hs = encoded({ alg: 'HS256', typ: 'at+jwt', kid: 'k1' });
    const mac = createHmac('sha256', await exportSPKI(ours.publicKey)).update(`${hs}.${payload}`);
    await refused(`${hs}.${payload}.${mac.digest('base64url')}`, /algorithm/);
    const flipped = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
    await refused(`${header}.${payload}.${flipped}`, /signature/);
  });

  test('a verified token ends with its time and with its agent (A1)', async () => {
    const name = 'short-lived';
    await principals.agents.create({ name, owner: 'ada', purpose: 'testing', tenant: 'default' });
    const text = await token({ claims: { client_id: name, sub: name } });
    await principals.identify(bearer(text));
    await openIdentity({ db: store.db, clock, random: randomBytes }).agents.disable(name);
    now += 1000;
    await refused(text, /disabled/);
    const other = await token();
    await principals.identify(bearer(other));
    now += 300_000;
    await refused(other, /expired/);
  });

  test('issuers with secret keys, a broken JWK set or a double name are refused at start (A1)', () => {
    const open = (jwks: string, more: string[] = []) =>
      openIdentity({
        db: store.db,
        clock,
        random: randomBytes,
        issuers: [jwks, ...more].map((one) => ({ issuer, audience, jwks: one })),
      });
    const good = JSON.stringify({ keys: [jwk] });
    for (const bad of [
      '',
      '{}',
      '{"keys":[{"kty":"oct","k":"AAAA"}]}',
      '{"keys":[{"kty":"EC","d":"x"}]}',
    ]) {
      assert.throws(() => open(bad), /bad_config|public keys only/);
    }
    assert.throws(() => open(good, [good]), /listed twice/);
  });
});
