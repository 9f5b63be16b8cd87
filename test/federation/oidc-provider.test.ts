import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { decodeJwt, type JWK } from 'jose';
import { type Federation, openFederation } from '../../src/identity/federation/federation.ts';
import { type Identities, openIdentities } from '../../src/identity/federation/identities.ts';
import { markedId } from '../../src/identity/federation/signed-token.ts';
import { systemClock } from '../../src/kernel/index.ts';
import { type TestStore, testStore } from '../database.ts';
import { registered } from './agents.ts';
import { type IssuerServer, issuerServer } from './issuer-server.ts';

const audience = 'https://gatehouse.example';
const get = async (url: string) => {
  const answer = await fetch(url, { redirect: 'manual' });
  return { status: answer.status, body: await answer.text() };
};

function signingKey(kid: string): JWK {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = privateKey.export({ format: 'jwk' }) as JWK;
  return { ...jwk, kid, alg: 'ES256', use: 'sig' };
}

let store: TestStore;
let ours: IssuerServer;
let stranger: IssuerServer;
let identities: Identities;
let federation: Federation;

describe('a real OIDC issuer', () => {
  before(async () => {
    store = await testStore();
    await registered(store, 'mailer');
    ours = await issuerServer([signingKey('k1')], ['job', 'other-job']);
    stranger = await issuerServer([signingKey('k1')], ['job']);
    const random = (size: number) => randomBytes(size);
    identities = openIdentities({ db: store.db, clock: systemClock, random });
    federation = openFederation({
      db: store.db,
      clock: systemClock,
      audience,
      get,
      trustDomains: [],
      issuers: [{ issuer: ours.issuer }],
      log: () => {},
    });
  });
  after(async () => {
    federation.close();
    await ours.close();
    await stranger.close();
    await store.close();
  });

  test('its tokens stand for the agent that they are registered with (A1)', async () => {
    const { issuer } = ours;
    assert.ok(!ours.requests.some((line) => line.startsWith('GET')));
    const text = await ours.token('job', audience);
    await assert.rejects(federation.verifyToken(text), { message: /agent identity add/ });
    await identities.add('mailer', { kind: 'oidc', issuer, subject: 'job' });
    const token = await federation.verifyToken(text);
    assert.equal(token?.agent, 'mailer');
    assert.equal(token?.kind, 'oidc');
    assert.equal(token?.id, markedId(issuer, decodeJwt(text).jti ?? ''));
    assert.equal(token?.expires, (decodeJwt(text).exp ?? 0) * 1000);
    const other = await ours.token('other-job', audience);
    await assert.rejects(federation.verifyToken(other), { message: /stands for no agent/ });
    // Discovered once, at the address that is configured.
    const host = new URL(issuer).host;
    const asked = ours.requests.filter((line) => line.startsWith('GET'));
    assert.deepEqual(asked, [`GET /.well-known/openid-configuration ${host}`, `GET /jwks ${host}`]);
  });

  test('a token for another audience is refused (A1)', async () => {
    const text = await ours.token('job', 'https://elsewhere.example');
    await assert.rejects(federation.verifyToken(text), { message: /`aud`/ });
  });

  test('a token of another issuer is none of ours, whatever it claims (A1)', async () => {
    const text = await stranger.token('job', audience);
    assert.equal(await federation.verifyToken(text), null);
    // The stranger's signature under our issuer's name.
    const [head = '', , mark = ''] = text.split('.');
    const claims = { ...decodeJwt(text), iss: ours.issuer };
    const body = Buffer.from(JSON.stringify(claims)).toString('base64url');
    await assert.rejects(federation.verifyToken(`${head}.${body}.${mark}`), {
      message: /signature/,
    });
  });

  test('an issuer is asked by its own name alone, and must answer with it (A1)', async () => {
    // The same server under another name: its metadata still says the first.
    const alias = ours.issuer.replace('127.0.0.1', 'localhost');
    const lines: string[] = [];
    const other = openFederation({
      db: store.db,
      clock: systemClock,
      audience,
      get,
      trustDomains: [],
      issuers: [{ issuer: alias }],
      log: (line) => lines.push(line),
    });
    const text = await ours.token('job', audience);
    assert.equal(await other.verifyToken(text), null);
    const [head = '', , mark = ''] = text.split('.');
    const body = Buffer.from(JSON.stringify({ ...decodeJwt(text), iss: alias }));
    const renamed = `${head}.${body.toString('base64url')}.${mark}`;
    await assert.rejects(other.verifyToken(renamed), { message: /cannot be fetched/ });
    assert.match(lines[0] ?? '', /speaks for issuer/);
    other.close();
  });
});
