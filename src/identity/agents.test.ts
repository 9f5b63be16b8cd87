import assert from 'node:assert/strict';
import { generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { type TestStore, testStore } from '../../test/database.ts';
import { testAgent } from '../../test/identity/world.ts';
import { GatehouseError, systemClock } from '../kernel/index.ts';
import type { Agents } from './agents.ts';
import { openIdentity, type Principals } from './identity.ts';

let store: TestStore;
let principals: Principals;
let agents: Agents;

function refused(code: string, about: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof GatehouseError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, about);
    return true;
  };
}

const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const rsa = (modulusLength: number, publicExponent = 65537) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent });
const open = ({ publicKey }: { publicKey: ReturnType<typeof ec>['publicKey'] }) =>
  publicKey.export({ format: 'jwk' });
const secret = ({ privateKey }: { privateKey: ReturnType<typeof ec>['privateKey'] }) =>
  privateKey.export({ format: 'jwk' });

describe('the register', () => {
  before(async () => {
    store = await testStore();
    const random = (size: number) => randomBytes(size);
    principals = openIdentity({ db: store.db, clock: systemClock, random });
    agents = principals.agents;
  });
  after(() => store.close());

  test('takes public keys that are asymmetric and strong, by their thumbprint (A1)', async () => {
    const name = await testAgent(principals);
    const pairs = [ec('P-256'), ec('P-384'), generateKeyPairSync('ed25519'), rsa(2048)];
    for (const pair of pairs) {
      const jwk = open(pair);
      const key = await agents.addPublicKey(name, { ...jwk, use: 'sig', kid: 'mine', alg: 'x' });
      assert.equal(key.id, await calculateJwkThumbprint(jwk as JWK, 'sha256'));
      assert.deepEqual(key.jwk, jwk);
      assert.equal(key.revoked, null);
    }
    assert.equal((await agents.publicKeys(name)).length, pairs.length);
  });

  test('refuses secret, symmetric, weak and malformed keys, and keeps nothing of them (A1)', async () => {
    const name = await testAgent(principals);
    const good = open(ec('P-256')) as JsonWebKey & { x: string };
    const bad: [unknown, RegExp][] = [
      [secret(ec('P-256')), /private or symmetric/],
      [secret(generateKeyPairSync('ed25519')), /private or symmetric/],
      [secret(rsa(2048)), /private or symmetric/],
      [{ ...good, d: '' }, /private or symmetric/],
      [{ kty: 'oct', k: 'c2VjcmV0' }, /private or symmetric/],
      [{ ...good, k: 'c2VjcmV0' }, /private or symmetric/],
      [open(ec('P-521')), /kind/],
      [open(ec('secp256k1')), /kind/],
      [open(generateKeyPairSync('x25519')), /kind/],
      [open(generateKeyPairSync('ed448')), /kind/],
      [open(rsa(1024)), /bits/],
      [open(rsa(2048, 3)), /exponent/],
      [{ ...good, x: good.x.slice(2) }, /malformed/],
      [{ ...good, x: good.y }, /malformed/],
      [{ kty: 'EC', crv: 'P-256' }, /malformed/],
      [{ kty: 'OKP', crv: 'Ed25519', x: 'AA' }, /malformed/],
      [{ kty: 'RSA', n: '', e: '' }, /malformed|bits/],
      [{ kty: 'RSA', n: 7, e: [] }, /malformed|kind/],
      [{}, /kind/],
      [[], /kind/],
      ['text', /no JWK/],
      [null, /no JWK/],
      [undefined, /no JWK/],
    ];
    for (const [jwk, about] of bad) {
      await assert.rejects(agents.addPublicKey(name, jwk), refused('bad_request', about));
    }
    assert.deepEqual(await agents.publicKeys(name), []);
    const owner = { owner: 'ada', purpose: 'testing', tenant: 'default' };
    const withSecret = { ...owner, name: 'with-secret', publicKey: secret(ec('P-256')) };
    await assert.rejects(agents.create(withSecret), refused('bad_request', /private/));
    assert.equal(await agents.get('with-secret'), null, 'not without its key either');
  });

  test('gives a key to one agent, for good (A1)', async () => {
    const [name, other] = [await testAgent(principals), await testAgent(principals)];
    const jwk = open(ec('P-256'));
    const { id } = await agents.addPublicKey(name, jwk);
    await assert.rejects(agents.addPublicKey(other, jwk), refused('conflict', /already/));
    await assert.rejects(agents.addPublicKey(name, jwk), refused('conflict', /already/));
    const { revoked } = await agents.revokePublicKey(id);
    assert.ok(revoked !== null);
    assert.equal((await agents.revokePublicKey(id)).revoked, revoked, 'the first time counts');
    await assert.rejects(agents.addPublicKey(other, jwk), refused('conflict', /already/));
    await assert.rejects(agents.revokePublicKey('x\0'), refused('not_found', /unknown/));
    assert.ok(await agents.isRevoked([id]));
    // The same key, its numbers written in another way.
    const padded = { ...open(ec('P-256')) };
    const again = { ...padded, x: `${padded.x}=` };
    await agents.addPublicKey(name, padded);
    await assert.rejects(agents.addPublicKey(other, again), GatehouseError);
  });

  test('registers an agent with its first key and risk (A1)', async () => {
    const from = { owner: 'ada', purpose: 'testing', tenant: 'default' };
    const publicKey = open(generateKeyPairSync('ed25519'));
    const made = await agents.create({ ...from, name: 'equipped', risk: 40, publicKey });
    assert.equal(made.risk, 40);
    assert.equal((await agents.publicKeys('equipped')).length, 1);
    assert.equal((await agents.setRisk('equipped', 90)).risk, 90);
    assert.equal((await agents.get('equipped'))?.risk, 90);
    for (const risk of [-1, 101, 1.5, Number.NaN]) {
      await assert.rejects(agents.setRisk('equipped', risk), refused('bad_request', /risk/));
      const create = agents.create({ ...from, name: 'risky', risk });
      await assert.rejects(create, refused('bad_request', /risk/));
    }
    await assert.rejects(agents.setRisk('nobody', 1), refused('not_found', /nobody/));
    const twice = agents.create({ ...from, name: 'twice', publicKey });
    await assert.rejects(twice, refused('conflict', /already/));
    assert.equal(await agents.get('twice'), null);
  });

  test('takes identities elsewhere that say exactly who it is (A1)', async () => {
    const name = await testAgent(principals);
    const subject = 'spiffe://prod.example/mailer';
    const spiffe = await agents.addIdentity(name, { kind: 'spiffe', subject });
    assert.equal(spiffe.issuer, 'prod.example');
    const issuer = 'https://ci.example';
    const claims = { repository: 'acme/mailer' };
    const oidc = await agents.addIdentity(name, { kind: 'oidc', issuer, claims });
    assert.deepEqual([oidc.subject, oidc.claims], [null, claims]);
    assert.deepEqual(await agents.identities(name), [spiffe, oidc]);
    const bad = [
      { kind: 'spiffe', subject: 'spiffe://prod.example' },
      { kind: 'spiffe', subject: 'spiffe://prod.example/a', issuer: 'other.example' },
      { kind: 'spiffe' },
      { kind: 'oidc', issuer },
      { kind: 'oidc', subject: 'x' },
    ] as const;
    for (const one of bad) {
      await assert.rejects(agents.addIdentity(name, one), refused('bad_request', /./));
    }
    const other = await testAgent(principals);
    const taken = agents.addIdentity(other, { kind: 'spiffe', subject });
    await assert.rejects(taken, refused('conflict', /already/));
    assert.ok((await agents.revokeIdentity(spiffe.id)).revoked !== null);
    await agents.addIdentity(other, { kind: 'spiffe', subject });
    await assert.rejects(agents.revokeIdentity('idn_0'), refused('not_found', /unknown/));
  });

  test('knows owners, and takes nothing more for one that is disabled (A2)', async () => {
    const owner = 'Mallory O\u2019Hara';
    const names = [await testAgent(principals, owner), await testAgent(principals, owner)];
    const [name = ''] = names;
    assert.equal((await agents.active(name))?.name, name);
    await agents.disable(names[1] ?? '');
    const stopped = await agents.disableOwner(owner);
    assert.deepEqual([stopped.name, stopped.agents], [owner, 2]);
    assert.deepEqual(await agents.disableOwner(owner), stopped, 'the first time counts');
    const told = (await agents.owners()).find((one) => one.name === owner);
    assert.deepEqual(told, stopped);
    assert.equal(await agents.active(name), null);
    assert.equal(await agents.active('nobody\0'), null);
    const jwk = open(ec('P-256'));
    const subject = 'spiffe://prod.example/late';
    const late = [
      () => agents.create({ name: 'late', owner, purpose: 'x', tenant: 'default' }),
      () => agents.issueKey(name),
      () => agents.addPublicKey(name, jwk),
      () => agents.addIdentity(name, { kind: 'spiffe', subject }),
    ];
    for (const one of late) await assert.rejects(one, refused('conflict', /disabled/));
    for (const nobody of ['nobody', 'x\0']) {
      await assert.rejects(agents.disableOwner(nobody), refused('not_found', /no agent/));
    }
  });

  test('remembers revoked tokens for as long as anything made from them may live (A1)', async () => {
    const now = Date.now();
    await agents.revokeToken('short', now + 1000);
    await agents.revokeToken('short', now + 9000);
    await agents.revokeToken('old', now - 7_200_000);
    await agents.revokeToken('next', now + 1000);
    assert.ok(await agents.isRevoked(['short']));
    const rows = await store.db.selectFrom('revoked_token').select('id').execute();
    assert.ok(!rows.some(({ id }) => id === 'old'));
    for (const id of ['', 'a\0b', 'x'.repeat(300)]) {
      await assert.rejects(agents.revokeToken(id, now), refused('bad_request', /token/));
    }
  });
});
