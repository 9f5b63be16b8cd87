import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { exportJWK, exportSPKI, generateKeyPair } from 'jose';
import {
  issuer,
  type Process,
  type TestAgent,
  tokenWorld,
  type World,
} from '../../../test/identity/token-world.ts';
import { GatehouseError } from '../../kernel/index.ts';
import type { Presented } from '../presented.ts';

const url = `${issuer}/v1/messages`;

let world: World;
let processes: Process[];
let mailer: TestAgent;
let thief: TestAgent;
/** Bound to the key of the mailer. */
let token: string;

function shown(proof: string | null, change: Partial<Presented> = {}): Presented {
  const place = { method: 'POST', url, certificates: [] };
  return { scheme: 'dpop', credential: token, proof, ...place, ...change };
}

const identify = async (presented: Presented, at = 0) =>
  processes[at]?.principals.identify(presented);

async function refused(presented: Presented, about: RegExp): Promise<void> {
  await assert.rejects(identify(presented), (error) => {
    assert.ok(error instanceof GatehouseError);
    assert.equal(error.code, 'unauthenticated');
    assert.match(error.message, about);
    return true;
  });
}

describe('proofs of possession', () => {
  before(async () => {
    world = await tokenWorld();
    processes = [world.open(), world.open()];
    [mailer, thief] = [await world.agent('mailer'), await world.agent('thief')];
  });
  beforeEach(async () => {
    token = (await mailer.token({}, { dpop: await mailer.proof() })).token;
  });
  after(() => world.close());

  test('a bound token counts with a proof of its key (A1, E2)', async () => {
    const principal = await identify(shown(await mailer.proofFor(token)));
    assert.equal(principal?.name, 'mailer');
    assert.equal(principal?.credential.bound, true);
  });

  test('a stolen bound token is worth nothing (A1, E2)', async () => {
    await refused(shown(null), /proof|bound/);
    await refused(shown(null, { scheme: 'bearer' }), /bound/);
    await refused(shown(await mailer.proofFor(token), { scheme: 'bearer' }), /dpop/i);
    await refused(shown(await thief.proofFor(token)), /another key/);
    const other = (await mailer.token({}, { dpop: await mailer.proof() })).token;
    await refused(shown(await mailer.proofFor(other)), /ath/);
    await refused(shown(await mailer.proofFor(token, { ath: undefined })), /ath/);
    await refused(shown(await mailer.proofFor(token), { method: 'GET' }), /htm/);
    const elsewhere = { url: `${issuer}/v1/responses` };
    await refused(shown(await mailer.proofFor(token), elsewhere), /htu/);
  });

  test('a proof made for another host is refused, whatever the Host header says (A1)', async () => {
    for (const htu of [
      'https://evil.example/v1/messages',
      `http://gatehouse.example/v1/messages`,
    ]) {
      await refused(shown(await mailer.proofFor(token, { htu })), /htu/);
    }
    // Query, fragment, default port and the case of the host do not count.
    for (const htu of [`${url}?a=1#b`, 'https://GATEHOUSE.example:443/v1/./messages']) {
      assert.ok(await identify(shown(await mailer.proofFor(token, { htu }))));
    }
    const host = { host: 'evil.example', 'x-forwarded-host': 'evil.example' };
    const proof = await mailer.proof({ htu: 'https://evil.example/oauth/token' });
    const got = await mailer.token({}, { ...host, dpop: proof });
    assert.equal(got.body['error'], 'invalid_dpop_proof');
    const right = await mailer.token({}, { ...host, dpop: await mailer.proof() });
    assert.equal(right.claims.iss, issuer);
  });

  test('a proof that is old, ahead, malformed or without its members is refused (A1)', async () => {
    const at = mailer.second;
    const cases: [object, RegExp][] = [
      [{ iat: at - 61 }, /older than 60 s/],
      [{ iat: at + 6 }, /future/],
      [{ iat: undefined }, /iat/],
      [{ iat: 'now' }, /iat/],
      [{ jti: undefined }, /jti/],
      [{ jti: '' }, /jti/],
      [{ jti: 'x'.repeat(201) }, /jti/],
      [{ htm: 'post' }, /htm/],
      [{ htu: 'not a url' }, /htu/],
      [{ htu: undefined }, /htu/],
    ];
    for (const [claims, about] of cases) {
      await refused(shown(await mailer.proofFor(token, claims)), about);
    }
    for (const proof of ['', 'x', 'a.b.c', `x.${'y'.repeat(5000)}.z`]) {
      await refused(shown(proof), /proof/);
    }
    const both = `${await mailer.proofFor(token)}, ${await mailer.proofFor(token)}`;
    await refused(shown(both), /proof/);
  });

  test('another type, a secret key or another algorithm is refused (A1)', async () => {
    const { privateKey } = mailer.pair;
    const { d } = await exportJWK(privateKey);
    const cases: [object, RegExp][] = [
      [{ typ: 'JWT' }, /typ/],
      [{ typ: 'at+jwt' }, /typ/],
      [{ jwk: undefined }, /jwk/],
      [{ jwk: { ...mailer.jwk, d } }, /jwk/],
      [{ jwk: { kty: 'oct', k: 'AAAA' } }, /jwk/],
      [{ jwk: thief.jwk }, /another key/],
    ];
    for (const [header, about] of cases) {
      await refused(shown(await mailer.proofFor(token, {}, header)), about);
    }
    const proof = await mailer.proofFor(token, {}, { jwk: mailer.jwk });
    await refused(shown(`${proof.slice(0, -8)}AAAAAAAA`), /signature/);
    const [, payload] = proof.split('.');
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const none = encoded({ alg: 'none', typ: 'dpop+jwt', jwk: mailer.jwk });
    await refused(shown(`${none}.${payload}.`), /alg/);
    const hs = `${encoded({ alg: 'HS256', typ: 'dpop+jwt', jwk: mailer.jwk })}.${payload}`;
    const mac = createHmac('sha256', await exportSPKI(mailer.pair.publicKey)).update(hs);
    await refused(shown(`${hs}.${mac.digest('base64url')}`), /alg/);
  });

  test('a proof counts once, in one process and in all (A1, E2)', async () => {
    const proof = await mailer.proofFor(token);
    assert.ok(await identify(shown(proof)));
    await refused(shown(proof), /used before/);
    await assert.rejects(identify(shown(proof), 1), /used before/);
    const asked = await mailer.proof();
    assert.equal((await mailer.token({}, { dpop: asked })).status, 200);
    const again = await mailer.token({}, { dpop: asked });
    assert.equal(again.body['error'], 'invalid_dpop_proof');
  });

  test('two processes that are shown one proof at once: exactly one takes it, 50 times (A1)', async () => {
    for (let round = 0; round < 50; round++) {
      const proof = await mailer.proofFor(token);
      const all = [0, 1, 0, 1].map((at) => identify(shown(proof), at));
      const outcomes = await Promise.allSettled(all);
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    }
  });

  test('a flood of proofs shares queries, and a replay that was seen here costs none (E2)', async () => {
    const { pool } = world.store;
    const proofs = await Promise.all(Array.from({ length: 200 }, () => mailer.proofFor(token)));
    await identify(shown(proofs.pop() as string));
    const { connect } = pool;
    let taken = 0;
    pool.connect = ((...args: Parameters<typeof connect>) => {
      taken += 1;
      return connect.apply(pool, args);
    }) as typeof connect;
    try {
      await Promise.all(proofs.map((proof) => identify(shown(proof))));
      assert.ok(taken < proofs.length / 4, `${taken} queries`);
      const before = taken;
      for (const proof of proofs) await refused(shown(proof), /used before/);
      assert.equal(taken, before);
    } finally {
      pool.connect = connect;
    }
  });

  test('a proof is of any asymmetric kind of key (A1)', async () => {
    for (const alg of ['EdDSA', 'ES384', 'PS256']) {
      const pair = await generateKeyPair(alg, { extractable: true });
      const header = { alg, jwk: await exportJWK(pair.publicKey) };
      const got = await mailer.token({}, { dpop: await mailer.proof({}, header, pair.privateKey) });
      assert.equal(got.body['token_type'], 'DPoP', JSON.stringify(got.body));
    }
  });
});
