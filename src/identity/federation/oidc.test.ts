import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { confused, type TokenKey, tokenKey, unsigned } from '../../../test/federation/token-key.ts';
import { ManualClock } from '../../../test/upstream/manual-clock.ts';
import { GatehouseError } from '../../kernel/index.ts';
import { type OutsideIssuer, openIssuers } from './issuers.ts';
import { verifyOidcToken } from './oidc.ts';

const issuer = 'https://tokens.example/tenant';
const metadata = `${issuer}/.well-known/openid-configuration`;
const address = 'https://keys.example/jwks';
const audience = 'gatehouse';
const first = tokenKey('k1', 'ES256', 'sig');
const second = tokenKey('k2', 'RS256');
const rsa = tokenKey('k1', 'RS256');

function opened(from: OutsideIssuer = { issuer }, keys: readonly TokenKey[] = [first]) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const lines: string[] = [];
  const set = (all: readonly TokenKey[]) => ({ keys: all.map(({ jwk }) => jwk) });
  const answers = new Map<string, unknown>([
    [metadata, { issuer, jwks_uri: address }],
    [address, set(keys)],
  ]);
  const issuers = openIssuers([from], {
    clock,
    audience,
    log: (line) => lines.push(line),
    async get(url) {
      asked.push(url);
      const answer = answers.get(url);
      if (answer === undefined) throw new Error('away');
      return { status: 200, body: JSON.stringify(answer) };
    },
  });
  const known = issuers.get(from.issuer);
  assert.ok(known);
  const claims = (change: object = {}) => {
    const iat = Math.floor(clock.now() / 1000);
    return { iss: from.issuer, sub: 'job', aud: audience, iat, exp: iat + 300, ...change };
  };
  const verify = (token: string) => verifyOidcToken(token, known, clock.now());
  const publish = (...all: readonly TokenKey[]) => answers.set(address, set(all));
  return { clock, asked, lines, answers, verify, claims, publish };
}

async function refused(done: Promise<unknown>, about: RegExp): Promise<void> {
  await assert.rejects(done, (error) => {
    assert.ok(error instanceof GatehouseError, String(error));
    assert.equal(error.code, 'unauthenticated');
    assert.match(error.message, about);
    return true;
  });
}

describe('OIDC workload tokens', () => {
  test('keys are discovered at the configured issuer alone, when they are needed (A1)', async () => {
    const { verify, claims, asked } = opened();
    assert.deepEqual(asked, []);
    // Garbage fetches nothing.
    await refused(verify(unsigned(claims())), /algorithm/);
    await refused(verify('a.b.c'), /no signed JWT/);
    await refused(verify(await first.sign(claims(), { typ: 'dpop+jwt' })), /`typ`/);
    assert.deepEqual(asked, []);
    // What a token names is never asked.
    const lure = { jku: 'https://evil.example/keys', x5u: 'https://evil.example/x' };
    const token = await first.sign(claims({ jwks_uri: 'https://evil.example' }), lure);
    assert.equal((await verify(token)).sub, 'job');
    await verify(await first.sign(claims()));
    assert.deepEqual(asked, [metadata, address]);
  });

  test('discovery that speaks for another issuer, or sends us astray, gives no keys (A1)', async () => {
    const documents: object[] = [
      { issuer: 'https://tokens.example', jwks_uri: address },
      { issuer: `${issuer}/`, jwks_uri: address },
      { issuer: issuer.toUpperCase(), jwks_uri: address },
      { jwks_uri: address },
      { issuer },
      { issuer, jwks_uri: 'http://keys.example/jwks' },
      { issuer, jwks_uri: 'file:///etc/keys' },
      { issuer, jwks_uri: 'http://127.0.0.1/keys' },
      { issuer, jwks_uri: 'https://127.0.0.1/keys' },
      { issuer, jwks_uri: 'https://localhost/keys' },
      { issuer, jwks_uri: ['https://keys.example'] },
    ];
    for (const document of documents) {
      const { verify, claims, answers, asked, lines } = opened();
      answers.set(metadata, document);
      await refused(verify(await first.sign(claims())), /cannot be fetched/);
      assert.deepEqual(asked, [metadata]);
      assert.equal(lines.length, 1);
    }
  });

  test('an unknown key is asked for, at most every 30 s (A1)', async () => {
    const { verify, claims, publish, asked, clock } = opened();
    await verify(await first.sign(claims()));
    publish(first, second);
    for (let i = 0; i < 10; i++) await refused(verify(await second.sign(claims())), /publish/);
    assert.equal(asked.length, 2);
    clock.pass(30_000);
    assert.equal((await verify(await second.sign(claims()))).sub, 'job');
    assert.equal(asked.length, 4);
    publish(second);
    clock.pass(30_000);
    await verify(await first.sign(claims()));
    await refused(verify(await first.sign(claims(), { kid: 'k3' })), /publish/);
    await refused(verify(await first.sign(claims())), /publish/);
  });

  test('keys that their issuer withdrew end, and those of one who is away within an hour (A1)', async () => {
    const { verify, claims, publish, answers, clock } = opened();
    await verify(await first.sign(claims()));
    publish(second);
    clock.pass(10 * 60_000);
    await refused(verify(await first.sign(claims())), /publish/);
    await verify(await second.sign(claims()));
    answers.clear();
    clock.pass(59 * 60_000);
    await verify(await second.sign(claims()));
    clock.pass(60_000);
    await refused(verify(await second.sign(claims())), /cannot be fetched/);
    answers.set(metadata, { issuer, jwks_uri: address });
    publish(second);
    clock.pass(30_000);
    await verify(await second.sign(claims()));
  });

  test('claims that do not fit are refused (A1)', async () => {
    const { verify, claims, clock } = opened();
    const at = Math.floor(clock.now() / 1000);
    const cases: [object, RegExp][] = [
      [{ aud: 'another' }, /`aud`/],
      [{ aud: ['another'] }, /`aud`/],
      [{ aud: undefined }, /`aud`/],
      [{ iss: 'https://tokens.example' }, /`iss`/],
      [{ iss: undefined }, /`iss`/],
      [{ exp: at - 60 }, /expired/],
      [{ exp: undefined }, /`exp`/],
      [{ iat: undefined }, /`iat`/],
      [{ iat: at + 60 }, /future/],
      [{ nbf: at + 60 }, /`nbf`/],
      [{ sub: undefined }, /`sub`/],
      [{ sub: 7 }, /`sub`/],
      [{ sub: '' }, /`sub`/],
      [{ sub: 'a\0b' }, /`sub`/],
    ];
    for (const [change, about] of cases)
      await refused(verify(await first.sign(claims(change))), about);
    const two = claims({ aud: ['another', audience] });
    assert.equal((await verify(await first.sign(two))).sub, 'job');
  });

  test('another key or algorithm is refused, also by confusion (A1)', async () => {
    const { verify, claims } = opened();
    await refused(verify(await rsa.sign(claims())), /publish/);
    const stranger = tokenKey('k1', 'ES256');
    await refused(verify(await stranger.sign(claims())), /signature/);
    await refused(verify(await stranger.sign(claims(), { jwk: stranger.jwk })), /signature/);
    for (const secret of [first.pem, JSON.stringify(first.jwk)]) {
      await refused(verify(confused(claims(), secret, 'k1')), /algorithm/);
    }
    const other = opened({ issuer }, [{ ...rsa, jwk: { ...rsa.jwk, alg: 'RS512' } }, second]);
    await refused(other.verify(await rsa.sign(other.claims())), /publish/);
    const encrypts = { ...second, jwk: { ...second.jwk, use: 'enc' } };
    const third = opened({ issuer }, [encrypts]);
    await refused(third.verify(await second.sign(third.claims())), /publish/);
  });

  test('a subject may be as long as Kubernetes makes it (A1)', async () => {
    const { verify, claims } = opened();
    const sub = `system:serviceaccount:${'n'.repeat(63)}:${'a'.repeat(253)}`;
    assert.equal((await verify(await first.sign(claims({ sub })))).sub, sub);
    await refused(verify(await first.sign(claims({ sub: 'a'.repeat(2049) }))), /`sub`/);
  });

  test('without `kid` the one key that fits verifies, never one of two (A1)', async () => {
    const header = { kid: undefined };
    const one = opened({ issuer }, [first, second]);
    assert.equal((await one.verify(await first.sign(one.claims(), header))).sub, 'job');
    const two = opened({ issuer }, [first, tokenKey('k9', 'ES256')]);
    await refused(two.verify(await first.sign(two.claims(), header)), /publish/);
  });

  test('a JWK set in hand needs no address, and must be one (A1)', async () => {
    const jwks = JSON.stringify({ keys: [first.jwk] });
    const { verify, claims, asked } = opened({ issuer: 'kubernetes/serviceaccount', jwks });
    assert.equal((await verify(await first.sign(claims()))).sub, 'job');
    assert.deepEqual(asked, []);
    const isBadConfig = { code: 'bad_config' };
    for (const bad of ['', '{}', '{"keys":[{"kty":"oct","k":"AA"}]}']) {
      assert.throws(() => opened({ issuer, jwks: bad }), isBadConfig);
    }
    for (const bad of [
      '',
      'tokens',
      'http://tokens.example',
      'https://a@b.example',
      `${issuer}?x`,
    ]) {
      assert.throws(() => opened({ issuer: bad }), isBadConfig);
    }
  });
});
