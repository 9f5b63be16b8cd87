import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import { confused, type TokenKey, tokenKey, unsigned } from '../../../test/federation/token-key.ts';
import { GatehouseError } from '../../kernel/index.ts';
import { verifyJwtSvid } from './jwt-svid.ts';
import { openTrustDomains } from './trust-domains.ts';

const now = Date.parse('2030-01-01T00:00:00Z');
const at = now / 1000;
const id = 'spiffe://ours.example/mailer';
const audience = 'gatehouse';
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
];
const ours = tokenKey('k1', 'ES256', 'jwt-svid');
const theirs = tokenKey('t1', 'ES256', 'jwt-svid');
// The other domain has a key of the same name too.
const sameName = tokenKey('k1', 'ES256', 'jwt-svid');
const many = algorithms.map((alg) => tokenKey(`k-${alg}`, alg, 'jwt-svid'));
const edwards = tokenKey('ed', 'EdDSA', 'jwt-svid');
const forSignatures = tokenKey('sig', 'ES256', 'sig');
const forCertificates = tokenKey('x509', 'ES256', 'x509-svid');
const rsa = tokenKey('rsa', 'RS256', 'jwt-svid');

const bundle = (...keys: readonly TokenKey[]) =>
  JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
const all = [ours, ...many, edwards, forSignatures, forCertificates, rsa];
const domains = openTrustDomains(
  [
    { name: 'ours.example', bundle: bundle(...all) },
    { name: 'theirs.example', bundle: bundle(theirs, sameName) },
  ],
  {
    clock: { now: () => now, after: () => () => {} },
    get: () => assert.fail('nothing is fetched'),
    log: () => {},
  },
);

const claims = { sub: id, aud: audience, exp: at + 300 };

function verify(token: string) {
  return verifyJwtSvid(token, decodeJwt(token).sub, { domains, audience, now });
}

async function refused(token: string, about: RegExp): Promise<void> {
  await assert.rejects(verify(token), (error) => {
    assert.ok(error instanceof GatehouseError, String(error));
    assert.equal(error.code, 'unauthenticated');
    assert.match(error.message, about);
    return true;
  });
}

describe('JWT-SVIDs', () => {
  test('one that a key of its trust domain signed stands for its SPIFFE ID (A1)', async () => {
    for (const header of [{}, { typ: 'JOSE' }, { typ: undefined }]) {
      const svid = await verify(await ours.sign(claims, header));
      assert.equal(svid.spiffeId.id, id);
    }
    for (const key of many) {
      assert.equal((await verify(await key.sign(claims))).spiffeId.id, id, key.alg);
    }
    const two = await ours.sign({ ...claims, aud: ['another', audience], iss: 'anyone' });
    assert.equal((await verify(two)).spiffeId.trustDomain, 'ours.example');
  });

  test('the keys of another trust domain do not count, whatever they are called (A1)', async () => {
    await refused(await theirs.sign(claims), /does not publish/);
    await refused(await sameName.sign(claims), /signature/);
    await refused(await theirs.sign(claims, { kid: 'k1' }), /signature/);
    const foreign = { ...claims, sub: 'spiffe://foreign.example/mailer' };
    await refused(await ours.sign(foreign), /`foreign.example` is not trusted/);
    const stolen = { ...claims, sub: 'spiffe://theirs.example/mailer' };
    await refused(await ours.sign(stolen), /signature/);
    const own = await verify(await theirs.sign(stolen));
    assert.equal(own.spiffeId.trustDomain, 'theirs.example');
  });

  test('only a key for JWT-SVIDs, named by `kid`, verifies one (A1)', async () => {
    await refused(await ours.sign(claims, { kid: undefined }), /no `kid`/);
    await refused(await ours.sign(claims, { kid: 'k2' }), /does not publish/);
    await refused(await forSignatures.sign(claims), /does not publish/);
    await refused(await forCertificates.sign(claims), /does not publish/);
    const brought = { jwk: theirs.jwk, jku: 'https://evil.example/keys' };
    await refused(await theirs.sign(claims, { ...brought, kid: 'k1' }), /signature/);
  });

  test('another algorithm is refused, also by confusion (A1)', async () => {
    await refused(unsigned(claims), /algorithm/);
    await refused(unsigned(claims, { alg: 'None' }), /algorithm/);
    await refused(`${unsigned(claims)}AAAA`, /algorithm/);
    for (const secret of [ours.pem, rsa.pem, JSON.stringify(ours.jwk)]) {
      await refused(confused(claims, secret, 'k1'), /algorithm/);
      await refused(confused(claims, secret, 'rsa'), /algorithm/);
    }
    await refused(await edwards.sign(claims), /algorithm/);
    // The header cannot make a key serve another algorithm.
    const [, body, signature] = (await ours.sign(claims)).split('.');
    for (const alg of ['ES384', 'RS256', 'PS256']) {
      const head = Buffer.from(JSON.stringify({ alg, kid: 'k1' })).toString('base64url');
      await refused(`${head}.${body}.${signature}`, /does not publish/);
    }
    await refused(await ours.sign(claims, { typ: 'at+jwt' }), /`typ`/);
    await refused(await ours.sign(claims, { typ: 'oauth-id-jag+jwt' }), /`typ`/);
    const [head = '', , mark = ''] = (await ours.sign(claims)).split('.');
    const forged = Buffer.from(JSON.stringify({ ...claims, exp: at + 9e6 })).toString('base64url');
    await refused(`${head}.${forged}.${mark}`, /signature/);
  });

  test('claims that do not fit are refused (A1)', async () => {
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ aud: 'another' }, /`aud`/],
      [{ aud: [] }, /`aud`/],
      [{ aud: undefined }, /`aud`/],
      [{ exp: at - 60 }, /expired/],
      [{ exp: undefined }, /`exp`/],
      [{ exp: 'tomorrow' }, /`exp`/],
      [{ exp: 1e300 }, /`exp`/],
      [{ nbf: at + 60 }, /`nbf`/],
      [{ iat: at + 60 }, /future/],
      [{ sub: undefined }, /SPIFFE ID/],
      [{ sub: 'mailer' }, /SPIFFE ID/],
      [{ sub: 'spiffe://ours.example' }, /no workload/],
      [{ sub: 'spiffe://ours.example/' }, /SPIFFE ID/],
      [{ sub: 'spiffe://OURS.example/mailer' }, /SPIFFE ID/],
      [{ sub: 'spiffe://ours.example/a/../mailer' }, /SPIFFE ID/],
      [{ sub: 'spiffe://ours.example//mailer' }, /SPIFFE ID/],
      [{ sub: 'spiffe://ours.example/%6dailer' }, /SPIFFE ID/],
    ];
    for (const [change, about] of cases)
      await refused(await ours.sign({ ...claims, ...change }), about);
    await assert.rejects(
      verifyJwtSvid(await ours.sign(claims), 'spiffe://ours.example/admin', {
        domains,
        audience,
        now,
      }),
      /`sub` does not fit/,
    );
  });
});
