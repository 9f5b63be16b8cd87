import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  type Federation,
  openFederation,
  openIdentity,
  type Presented,
  type Principals,
} from '../../src/identity/index.ts';
import { type TestStore, testStore } from '../database.ts';
import { ManualClock } from '../upstream/manual-clock.ts';
import { issue, root } from './authority.ts';
import { tokenKey } from './token-key.ts';

const clock = new ManualClock();
const at = Math.floor(clock.now() / 1000);
const issuer = 'https://tokens.example';
const audience = 'gatehouse';
const spiffeId = 'spiffe://ours.example/mailer';
const key = tokenKey('k1', 'ES256', 'sig');
const ca = root('ours', { notBefore: 0, notAfter: clock.now() * 2 });
const x509 = { kty: 'EC', use: 'x509-svid', x5c: [ca.der.toString('base64')] };
const leaf = issue(ca, { uris: [spiffeId], notBefore: 0, notAfter: clock.now() + 1e9 });

let store: TestStore;
let principals: Principals;
let federation: Federation;

const token = (sub: string) =>
  key.sign({ iss: issuer, sub, aud: audience, jti: 'j', iat: at, exp: at + 3600 });

function shown(credential: string | null, certificates: readonly Uint8Array[] = []): Presented {
  const scheme = credential === null ? 'none' : 'bearer';
  const place = { method: 'POST', url: 'https://gatehouse.example/v1/messages' };
  return { scheme, credential, proof: null, certificates, ...place };
}

const identify = async (what: Presented) => principals.identify(what);

describe('principals from elsewhere', () => {
  before(async () => {
    store = await testStore();
    federation = openFederation({
      db: store.db,
      clock,
      audience,
      get: () => assert.fail('nothing is fetched'),
      trustDomains: [{ name: 'ours.example', bundle: JSON.stringify({ keys: [x509] }) }],
      issuers: [{ issuer, jwks: JSON.stringify({ keys: [key.jwk] }) }],
      log: () => {},
    });
    principals = openIdentity({
      db: store.db,
      clock,
      random: (size) => randomBytes(size),
      verifiers: [
        {
          own: false,
          verify: async ({ credential, certificates }) =>
            credential === null
              ? federation.verifyCertificates(certificates)
              : federation.verifyToken(credential),
        },
      ],
    });
    const agent = { owner: 'ada', purpose: 'testing', tenant: 'default' };
    await principals.agents.create({ name: 'mailer', ...agent });
  });
  after(async () => {
    federation.close();
    principals.close();
    await store.close();
  });

  test('one who was not registered becomes nobody, and is known once that is done (A1)', async () => {
    const first = shown(await token('job'));
    await assert.rejects(identify(first), { code: 'unauthenticated', message: /identity add/ });
    assert.equal((await principals.agents.list()).length, 1);
    await principals.agents.addIdentity('mailer', { kind: 'oidc', issuer, subject: 'job' });
    clock.pass(1000);
    const principal = await identify(first);
    assert.deepEqual([principal.name, principal.owner], ['mailer', 'ada']);
    assert.equal(principal.credential.kind, 'oidc');
    assert.deepEqual(principal.actors, []);
  });

  test('a certificate is a bound credential of its agent (A1)', async () => {
    await principals.agents.addIdentity('mailer', { kind: 'spiffe', subject: spiffeId });
    const { name, credential } = await identify(shown(null, [leaf.der]));
    assert.equal(name, 'mailer');
    assert.deepEqual([credential.kind, credential.bound], ['x509-svid', true]);
  });

  test('a revoked identity ends within a second, and its token and certificate with it (A1)', async () => {
    const job = shown(await token('job'));
    const service = shown(null, [leaf.der]);
    await identify(job);
    await identify(service);
    for (const { id } of await principals.agents.identities('mailer')) {
      await principals.agents.revokeIdentity(id);
    }
    clock.pass(1000);
    for (const one of [job, service]) {
      await assert.rejects(identify(one), { code: 'unauthenticated', message: /for no agent/ });
    }
  });

  test('an agent that is disabled is so for its identities elsewhere too (A1)', async () => {
    await principals.agents.addIdentity('mailer', { kind: 'oidc', issuer, subject: 'other' });
    const job = shown(await token('other'));
    assert.equal((await identify(job)).name, 'mailer');
    await principals.agents.disable('mailer');
    clock.pass(1000);
    await assert.rejects(identify(job), { code: 'unauthenticated', message: /disabled/ });
  });
});
