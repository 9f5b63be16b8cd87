import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { confused, tokenKey, unsigned } from '../../../test/federation/token-key.ts';
import { GatehouseError } from '../../kernel/index.ts';
import { verifyIdJagOf } from './id-jag.ts';
import { openIssuers } from './issuers.ts';
import { markedId } from './signed-token.ts';

const now = Date.parse('2030-01-01T00:00:00Z');
const iat = now / 1000;
const from = 'https://idp.example';
const us = 'https://gatehouse.example';
const audience = 'gatehouse';
const key = tokenKey('k1', 'ES256', 'sig');
const stranger = tokenKey('k1', 'ES256', 'sig');
const typ = { typ: 'oauth-id-jag+jwt' };
const claims = {
  iss: from,
  sub: 'U019488227',
  aud: us,
  client_id: 'mailer',
  jti: 'a1',
  iat,
  exp: iat + 300,
};

const jwks = JSON.stringify({ keys: [key.jwk] });
const issuers = openIssuers(
  [
    { issuer: from, jwks, idJag: true },
    { issuer: 'https://plain.example', jwks },
  ],
  {
    clock: { now: () => now, after: () => () => {} },
    audience,
    get: () => assert.fail('nothing is fetched'),
    log: () => {},
  },
);

function verify(assertion: string, by = from) {
  const known = issuers.get(by);
  assert.ok(known);
  return verifyIdJagOf(assertion, known, { issuer: us, audience, now });
}

async function refused(done: Promise<unknown>, about: RegExp): Promise<void> {
  await assert.rejects(done, (error) => {
    assert.ok(error instanceof GatehouseError, String(error));
    assert.equal(error.code, 'unauthenticated');
    assert.match(error.message, about);
    return true;
  });
}

describe('identity assertions (ID-JAG)', () => {
  test('one of an issuer that may give them says whom it is about and for whom (A1)', async () => {
    const said = await verify(await key.sign(claims, typ));
    assert.deepEqual(said, {
      issuer: from,
      subject: 'U019488227',
      clientId: 'mailer',
      scopes: null,
      id: markedId(from, 'a1'),
      expires: now + 300_000,
      thumbprint: null,
    });
    const scope = 'call_model:general call_tool';
    const scoped = await verify(await key.sign({ ...claims, scope, aud: [us] }, typ));
    assert.deepEqual(scoped.scopes, ['call_model:general', 'call_tool']);
    const none = await verify(await key.sign({ ...claims, scope: '' }, typ));
    assert.deepEqual(none.scopes, []);
    const jkt = 'A'.repeat(43);
    const bound = await verify(await key.sign({ ...claims, cnf: { jkt } }, typ));
    assert.equal(bound.thumbprint, jkt);
    for (const resource of [us, audience, ['https://other.example', us]]) {
      assert.equal(
        (await verify(await key.sign({ ...claims, resource }, typ))).id,
        markedId(from, 'a1'),
      );
    }
  });

  test('another kind of token is no assertion, and no other issuer gives one (A1)', async () => {
    for (const other of ['JWT', 'at+jwt', 'id_token+jwt', undefined]) {
      await refused(verify(await key.sign(claims, { typ: other })), /`typ`/);
    }
    const plain = { ...claims, iss: 'https://plain.example' };
    await refused(verify(await key.sign(plain, typ), 'https://plain.example'), /do not count/);
    await refused(verify(await stranger.sign(claims, typ)), /signature/);
    await refused(verify(unsigned(claims, typ)), /algorithm/);
    await refused(verify(confused(claims, key.pem, 'k1')), /algorithm/);
  });

  test('claims that do not fit are refused (A1)', async () => {
    const cases: [object, RegExp][] = [
      [{ iss: 'https://plain.example' }, /`iss`/],
      [{ aud: audience }, /`aud`/],
      [{ aud: `${us}/` }, /`aud`/],
      [{ aud: [us, 'https://other.example'] }, /names others/],
      [{ aud: undefined }, /`aud`/],
      [{ sub: undefined }, /`sub`/],
      [{ sub: '' }, /`sub`/],
      [{ client_id: undefined }, /`client_id`/],
      [{ client_id: 7 }, /`client_id`/],
      [{ jti: undefined }, /`jti`/],
      [{ jti: 'a'.repeat(188) }, /`jti`/],
      [{ exp: undefined }, /`exp`/],
      [{ iat: undefined }, /`iat`/],
      [{ exp: iat + 301 }, /longer than 300 s/],
      [{ exp: iat - 60, iat: iat - 120 }, /expired/],
      [{ iat: iat + 60, exp: iat + 120 }, /future/],
      [{ nbf: iat + 60 }, /`nbf`/],
      [{ resource: 'https://other.example' }, /`resource`/],
      [{ resource: [] }, /`resource`/],
      [{ scope: 7 }, /`scope`/],
      [{ scope: 'a"b' }, /`scope`/],
      [{ cnf: { 'x5t#S256': 'x' } }, /bound/],
      [{ cnf: { jkt: 'x' } }, /bound/],
      [{ cnf: null }, /bound/],
    ];
    for (const [change, about] of cases) {
      await refused(verify(await key.sign({ ...claims, ...change }, typ)), about);
    }
  });
});
