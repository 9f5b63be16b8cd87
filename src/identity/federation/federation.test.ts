import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type TestStore, testStore } from '../../../test/database.ts';
import { registered } from '../../../test/federation/agents.ts';
import { issue, root } from '../../../test/federation/authority.ts';
import { tokenKey } from '../../../test/federation/token-key.ts';
import { ManualClock } from '../../../test/upstream/manual-clock.ts';
import { GatehouseError } from '../../kernel/index.ts';
import { type Federation, openFederation } from './federation.ts';
import { type Identities, openIdentities } from './identities.ts';
import { markedId } from './signed-token.ts';

const clock = new ManualClock();
const at = Math.floor(clock.now() / 1000);
const github = 'https://token.actions.githubusercontent.com';
const cluster = 'https://kubernetes.default.svc';
const audience = 'gatehouse';
const id = 'spiffe://ours.example/mailer';
const key = tokenKey('k1', 'RS256', 'sig');
const svidKey = tokenKey('s1', 'ES256', 'jwt-svid');
const ca = root('ours', { notBefore: 0, notAfter: clock.now() * 2 });
const x509 = { kty: 'EC', use: 'x509-svid', x5c: [ca.der.toString('base64')] };

let store: TestStore;
let federation: Federation;
let identities: Identities;
const asked: string[] = [];

async function refused(done: Promise<unknown>, about: RegExp, code = 'unauthenticated') {
  await assert.rejects(done, (error) => {
    assert.ok(error instanceof GatehouseError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, about);
    return true;
  });
}

/** As GitHub Actions says it of a deployment. */
function job(change: object = {}) {
  return key.sign({
    iss: github,
    aud: audience,
    sub: 'repo:acme/mailer:environment:production',
    repository: 'acme/mailer',
    repository_id: '74',
    repository_owner: 'acme',
    ref: 'refs/heads/main',
    environment: 'production',
    run_attempt: '1',
    jti: 'job-1',
    iat: at,
    nbf: at - 300,
    exp: at + 300,
    ...change,
  });
}

/** As Kubernetes says it of a service account. */
function pod(change: object = {}) {
  return key.sign({
    iss: cluster,
    aud: [audience],
    sub: 'system:serviceaccount:agents:mailer',
    'kubernetes.io': {
      namespace: 'agents',
      serviceaccount: { name: 'mailer', uid: 'u-1' },
    },
    iat: at,
    nbf: at,
    exp: at + 3600,
    ...change,
  });
}

/** The other signature that ECDSA has for the same text (P-256). */
function mirrored(signature: string): string {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const hex = Buffer.from(signature, 'base64url').toString('hex');
  const s = (order - BigInt(`0x${hex.slice(64)}`)).toString(16).padStart(64, '0');
  return Buffer.from(hex.slice(0, 64) + s, 'hex').toString('base64url');
}

const svid = (change: object = {}) =>
  svidKey.sign({ sub: id, aud: audience, exp: at + 300, ...change });

describe('federation', () => {
  before(async () => {
    store = await testStore();
    await registered(store, 'deployer', 'mailer', 'other');
    identities = openIdentities({ db: store.db, clock, random: (size) => randomBytes(size) });
    const jwks = JSON.stringify({ keys: [key.jwk] });
    federation = openFederation({
      db: store.db,
      clock,
      audience,
      issuer: 'https://gatehouse.example',
      get: async (url) => {
        asked.push(url);
        return { status: 404, body: '' };
      },
      trustDomains: [
        { name: 'ours.example', bundle: JSON.stringify({ keys: [svidKey.jwk, x509] }) },
      ],
      issuers: [
        { issuer: github, jwks, idJag: true },
        { issuer: cluster, jwks },
        { issuer: 'https://away.example' },
      ],
      log: () => {},
    });
  });
  after(async () => {
    federation.close();
    await store.close();
  });

  test('an identity that nobody registered is refused, and registers nobody (A1)', async () => {
    const told = /register it with gatehouse agent identity add/;
    await refused(federation.verifyToken(await svid()), told);
    await refused(federation.verifyToken(await svid()), /`spiffe:\/\/ours.example\/mailer`/);
    await refused(federation.verifyToken(await job()), told);
    await refused(federation.verifyToken(await job()), /token\.actions\.githubusercontent\.com/);
    const leaf = issue(ca, { uris: [id], notBefore: 0, notAfter: clock.now() + 1e6 });
    await refused(federation.verifyCertificates([leaf.der]), told);
    const count = await store.db.selectFrom('agent').select('id').execute();
    assert.equal(count.length, 3);
  });

  test('a SPIFFE ID stands for one agent, by token and by certificate (A1)', async () => {
    const row = await identities.add('mailer', { kind: 'spiffe', subject: id });
    assert.equal(row.issuer, 'ours.example');
    const text = await svid();
    const token = await federation.verifyToken(text);
    assert.match(token?.id ?? '', /^[0-9a-f]{64}$/);
    assert.deepEqual(token, {
      kind: 'jwt-svid',
      agent: 'mailer',
      id: token?.id,
      expires: (at + 300) * 1000,
      actors: [],
      scopes: null,
      parents: [],
      thumbprint: null,
      bound: false,
    });
    const named = await federation.verifyToken(await svid({ jti: 'j1' }));
    assert.equal(named?.id, markedId('ours.example', 'j1'));
    // The other signature of the same (n - s) makes it no other token.
    const [head, body, mark = ''] = text.split('.');
    const other = `${head}.${body}.${mirrored(mark)}`;
    assert.notEqual(other, text);
    assert.equal((await federation.verifyToken(other))?.id, token?.id);
    const notAfter = Math.floor(clock.now() / 1000) * 1000 + 60_000;
    const leaf = issue(ca, { uris: [id], notBefore: 0, notAfter });
    const shown = await federation.verifyCertificates([leaf.der]);
    assert.equal(shown.kind, 'x509-svid');
    assert.equal(shown.agent, 'mailer');
    assert.equal(shown.bound, true);
    assert.equal(shown.thumbprint, null);
    assert.equal(shown.expires, notAfter);
    for (const near of [`${id}2`, 'spiffe://ours.example/mail', `${id}/x`, `${id}_`]) {
      await refused(federation.verifyToken(await svid({ sub: near })), /stands for no agent/);
    }
    await identities.revoke(row.id);
    await refused(federation.verifyToken(text), /stands for no agent/);
    await refused(federation.verifyCertificates([leaf.der]), /stands for no agent/);
  });

  test('a GitHub job is told by its claims, each exactly (A1)', async () => {
    const claims = { repository: 'acme/mailer', ref: 'refs/heads/main', environment: 'production' };
    const row = await identities.add('deployer', { kind: 'oidc', issuer: github, claims });
    const token = await federation.verifyToken(await job());
    assert.equal(token?.kind, 'oidc');
    assert.equal(token?.agent, 'deployer');
    assert.equal(token?.id, markedId(github, 'job-1'));
    for (const change of [
      { repository: 'acme/mailer2' },
      { repository: 'Acme/mailer' },
      { repository: 'evil/mailer', repository_owner: 'acme' },
      { ref: 'refs/heads/main2' },
      { ref: 'refs/pull/1/merge' },
      { environment: undefined },
      { environment: ['production'] },
      { environment: { production: true } },
      { environment: '' },
    ]) {
      await refused(federation.verifyToken(await job(change)), /stands for no agent/);
    }
    await refused(federation.verifyToken(await job({ iss: cluster })), /stands for no agent/);
    await identities.revoke(row.id);
    await refused(federation.verifyToken(await job()), /stands for no agent/);
  });

  test('a Kubernetes service account is told by its subject or by claims within (A1)', async () => {
    const subject = 'system:serviceaccount:agents:mailer';
    await identities.add('mailer', { kind: 'oidc', issuer: cluster, subject });
    assert.equal((await federation.verifyToken(await pod()))?.agent, 'mailer');
    for (const sub of [`${subject}2`, 'system:serviceaccount:agents:', 'system:node:mailer']) {
      await refused(federation.verifyToken(await pod({ sub })), /stands for no agent/);
    }
    const claims = {
      '/kubernetes.io/namespace': 'batch',
      '/kubernetes.io/serviceaccount/uid': 'u-1',
    };
    await identities.add('other', { kind: 'oidc', issuer: cluster, claims });
    const within = { namespace: 'batch', serviceaccount: { uid: 'u-1' } };
    const moved = await pod({ sub: 'system:serviceaccount:batch:x', 'kubernetes.io': within });
    assert.equal((await federation.verifyToken(moved))?.agent, 'other');
  });

  test('an identity that fits two agents stands for neither (A1)', async () => {
    const first = { kind: 'oidc', issuer: github, claims: { repository: 'acme/both' } } as const;
    const second = { kind: 'oidc', issuer: github, claims: { ref: 'refs/heads/both' } } as const;
    await identities.add('mailer', first);
    const { id: row } = await identities.add('other', second);
    const both = await job({ repository: 'acme/both', ref: 'refs/heads/both' });
    await refused(federation.verifyToken(both), /ambiguous: it fits `mailer` and `other`/);
    const one = await job({ repository: 'acme/both', ref: 'refs/heads/x' });
    assert.equal((await federation.verifyToken(one))?.agent, 'mailer');
    await identities.revoke(row);
    assert.equal((await federation.verifyToken(both))?.agent, 'mailer');
    // Two rows of one agent are no contradiction.
    await identities.add('mailer', second);
    assert.equal((await federation.verifyToken(both))?.agent, 'mailer');
  });

  test('a row without subject and claims stands for nobody, however it came (A1)', async () => {
    const [agent = ''] = await registered(store, 'everyone');
    const row = { id: 'idn_x', agent, kind: 'oidc' as const, issuer: github, subject: null };
    const times = { created: new Date(), revoked: null };
    await store.db
      .insertInto('agent_identity')
      .values({ ...row, ...times, claims: '{}' })
      .execute();
    await refused(federation.verifyToken(await job({ ref: 'x' })), /stands for no agent/);
  });

  test('what is of nobody known here is left to others, and fetches nothing (A1)', async () => {
    for (const text of ['', 'x', 'a.b.c', await job({ iss: 'https://else.example' })]) {
      assert.equal(await federation.verifyToken(text), null);
    }
    assert.equal(await federation.verifyToken(await job({ iss: undefined })), null);
    assert.equal(await federation.verifyToken(await svid({ sub: 'spiffe://else/x' })), null);
    // Of ours by its trust domain, so nobody else is asked.
    for (const sub of ['spiffe://OURS.example/mailer', 'SPIFFE://ours.example/mailer']) {
      await refused(federation.verifyToken(await svid({ sub })), /SPIFFE ID/);
    }
    await refused(federation.verifyToken(await job({ sub: id })), /does not publish/);
    assert.deepEqual(asked, []);
    await refused(federation.verifyToken(await job({ iss: 'https://away.example' })), /fetched/);
    assert.deepEqual(asked, ['https://away.example/.well-known/openid-configuration']);
    assert.deepEqual(
      [github, 'ours.example', 'https://else.example'].map((one) => federation.trusts(one)),
      [true, true, false],
    );
  });

  test('a chain is not dropped, nor a binding (A1)', async () => {
    const repository = 'acme/both';
    const act = { sub: 'someone' };
    await refused(federation.verifyToken(await job({ repository, act })), /acts for another/);
    const cnf = { 'x5t#S256': 'x' };
    await refused(federation.verifyToken(await job({ repository, cnf })), /bound/);
    const jkt = 'B'.repeat(43);
    const token = await federation.verifyToken(await job({ repository, cnf: { jkt } }));
    assert.equal(token?.thumbprint, jkt);
    assert.equal(token?.bound, true);
  });

  test('an identity assertion is for our issuer, and no bearer token (A1)', async () => {
    const typ = { typ: 'oauth-id-jag+jwt' };
    const claims = { iss: github, sub: 'alice', client_id: 'mailer', jti: 'g1', iat: at };
    const good = { ...claims, aud: 'https://gatehouse.example', exp: at + 60 };
    const said = await federation.verifyIdJag(await key.sign(good, typ));
    assert.equal(said.subject, 'alice');
    await refused(federation.verifyToken(await key.sign({ ...good, aud: audience }, typ)), /`typ`/);
    const other = await key.sign({ ...good, iss: cluster }, typ);
    await refused(federation.verifyIdJag(other), /do not count/);
    const unknown = await key.sign({ ...good, iss: 'https://else.example' }, typ);
    await refused(federation.verifyIdJag(unknown), /not trusted here/);
    await refused(federation.verifyIdJag('x'), /not trusted here/);
  });
});
