import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import { root } from '../../../test/federation/authority.ts';
import { ManualClock } from '../../../test/upstream/manual-clock.ts';
import { GatehouseError } from '../../kernel/index.ts';
import { openTrustDomains, type TrustDomain } from './trust-domains.ts';

const url = 'https://bundles.example/ours';
const ca = root('ours').der.toString('base64');
const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
const jwk = await exportJWK(publicKey);
const x509 = { kty: 'EC', use: 'x509-svid', x5c: [ca] };
const jwt = { ...jwk, use: 'jwt-svid', kid: 'k1' };

interface Answer {
  status: number;
  body: string;
}

function opened(domains: readonly TrustDomain[] = [{ name: 'ours.example', bundle: { url } }]) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const lines: string[] = [];
  const answers: (() => Promise<Answer>)[] = [];
  const state = { answer: async (): Promise<Answer> => ({ status: 404, body: '' }) };
  const sources = openTrustDomains(domains, {
    clock,
    get: (address) => {
      asked.push(address);
      return (answers.shift() ?? state.answer)();
    },
    log: (line) => lines.push(line),
  });
  const source = sources.get('ours.example');
  assert.ok(source);
  const say = (document: object) => {
    state.answer = async () => ({ status: 200, body: JSON.stringify(document) });
  };
  return { clock, asked, lines, answers, state, source, say };
}

function isBadConfig(about: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof GatehouseError);
    assert.equal(error.code, 'bad_config');
    assert.match(error.message, about);
    return true;
  };
}

describe('trust bundles', () => {
  test('a document in hand is read at once, and its unknown entries are passed over (A1)', async () => {
    const keys = [
      x509,
      jwt,
      { kty: 'EC', use: 'x509-svid' },
      { kty: 'EC', use: 'x509-svid', x5c: [] },
      { kty: 'EC', use: 'x509-svid', x5c: [ca, 'not looked at'] },
      { kty: 'EC', use: 'future-svid', x5c: ['?'] },
      { ...jwk, use: 'jwt-svid' },
      { ...jwk, kid: 'none' },
      { ...jwk, use: 'sig', kid: 'sig' },
      { kty: 'NEW', use: 'jwt-svid', kid: 'new' },
    ];
    const { source, asked } = opened([
      { name: 'ours.example', bundle: JSON.stringify({ spiffe_sequence: 7, keys }) },
    ]);
    const bundle = await source.current();
    assert.equal(bundle.sequence, 7);
    assert.equal(bundle.roots.length, 2);
    assert.ok(await bundle.keys.find('k1', 'ES256'));
    for (const kid of [undefined, 'none', 'sig', 'new', 'k2']) {
      const found = await bundle.keys.find(kid, 'ES256');
      // The only key with a `kid` and the use is the one that is found without asking for it.
      assert.equal(found === null, kid !== undefined);
    }
    for (const alg of ['ES384', 'RS256', 'HS256', 'none', 'EdDSA']) {
      assert.equal(await bundle.keys.find('k1', alg), null);
    }
    assert.deepEqual(asked, []);
  });

  test('a bad document, name or address is refused at start (A1)', async () => {
    const secret = { ...(await exportJWK(privateKey)), use: 'jwt-svid', kid: 'k' };
    const documents = [
      '',
      '{}',
      'null',
      '{"keys":{}}',
      '{"keys":[7]}',
      '{"keys":[{"kty":"oct","k":"AA"}]}',
      JSON.stringify({ keys: [secret] }),
      JSON.stringify({ keys: [{ ...x509, x5c: ['AAAA'] }] }),
      JSON.stringify({ keys: [], spiffe_sequence: 'x' }),
      JSON.stringify({ keys: [], spiffe_refresh_hint: -1 }),
    ];
    for (const bundle of documents) {
      const open = () => opened([{ name: 'ours.example', bundle }]);
      assert.throws(open, isBadConfig(/cannot be used/));
    }
    const good = JSON.stringify({ keys: [] });
    for (const name of ['', 'OURS', 'spiffe://ours', 'a/b', 'a:1', '*']) {
      assert.throws(() => opened([{ name, bundle: good }]), isBadConfig(/trust domain/));
    }
    const twice = { name: 'ours.example', bundle: good };
    assert.throws(() => opened([twice, twice]), isBadConfig(/twice/));
    for (const bad of ['http://bundles.example', 'ours', 'file:///x', 'https://a:b@c.example']) {
      const open = () => opened([{ name: 'ours.example', bundle: { url: bad } }]);
      assert.throws(open, isBadConfig(/https/));
    }
    opened([{ name: 'ours.example', bundle: { url: 'http://127.0.0.1:9/bundle' } }]);
  });

  test('nothing is fetched before it is needed, then once for all who wait (A1)', async () => {
    const { source, asked, say } = opened();
    say({ keys: [x509, jwt] });
    assert.deepEqual(asked, []);
    const all = await Promise.all([source.current(), source.current(), source.renewed()]);
    assert.equal(new Set(all).size, 1);
    assert.deepEqual(asked, [url]);
  });

  test('it is fetched again when its hint says so, and the old one serves meanwhile (A1)', async () => {
    const { source, asked, clock, say } = opened();
    say({ spiffe_sequence: 1, spiffe_refresh_hint: 60, keys: [x509] });
    await source.current();
    say({ spiffe_sequence: 2, spiffe_refresh_hint: 60, keys: [x509, jwt] });
    clock.pass(59_000);
    assert.equal((await source.current()).sequence, 1);
    assert.equal(asked.length, 1);
    clock.pass(2_000);
    await source.current();
    assert.equal(asked.length, 2);
    await new Promise(setImmediate);
    assert.equal((await source.current()).sequence, 2);
    // Long overdue: it was not asked for lately, and an old one is not good enough.
    say({ spiffe_sequence: 3, keys: [] });
    clock.pass(600_000);
    assert.equal((await source.current()).sequence, 3);
    assert.equal((await source.current()).refreshMs, 300_000);
  });

  test('a bundle is kept when its address fails, lies or goes back (A1)', async () => {
    const { source, asked, clock, say, state, lines } = opened();
    say({ spiffe_sequence: 5, spiffe_refresh_hint: 60, keys: [x509, jwt] });
    await source.current();
    const failures: (() => Promise<Answer>)[] = [
      () => Promise.reject(new Error('away')),
      async () => ({ status: 500, body: '' }),
      async () => ({ status: 301, body: JSON.stringify({ keys: [] }) }),
      async () => ({ status: 200, body: 'no JSON' }),
      async () => ({ status: 200, body: '{}' }),
      async () => ({ status: 200, body: `{"keys":[]}${' '.repeat(1_100_000)}` }),
      async () => ({ status: 200, body: JSON.stringify({ spiffe_sequence: 4, keys: [] }) }),
    ];
    for (const fail of failures) {
      state.answer = fail;
      clock.pass(200_000);
      const before = asked.length;
      await source.renewed();
      assert.equal(asked.length, before + 1);
      const bundle = await source.current();
      assert.equal(bundle.sequence, 5);
      assert.equal(bundle.roots.length, 1);
    }
    assert.equal(lines.length, failures.length);
    clock.pass(100 * 86_400_000);
    assert.equal((await source.current()).sequence, 5);
  });

  test('one that never came is refused, and asking is no way to flood its address (A1)', async () => {
    const { source, asked, clock, say, state } = opened();
    for (let i = 0; i < 20; i++) {
      await assert.rejects(source.current(), /cannot be fetched/);
      await assert.rejects(source.renewed(), /cannot be fetched/);
    }
    assert.equal(asked.length, 1);
    clock.pass(5_000);
    say({ keys: [x509] });
    assert.equal((await source.current()).roots.length, 1);
    for (let i = 0; i < 20; i++) await source.renewed();
    assert.equal(asked.length, 2);
    clock.pass(30_000);
    for (let i = 0; i < 20; i++) await source.renewed();
    assert.equal(asked.length, 3);
    // An address that never answers holds nobody for longer than 5 s.
    state.answer = () => new Promise(() => {});
    clock.pass(30_000);
    const waiting = source.renewed();
    await new Promise(setImmediate);
    clock.pass(5_000);
    assert.equal((await waiting).roots.length, 1);
    source.close();
    clock.pass(3_600_000);
    await source.renewed();
    assert.equal(asked.length, 4);
  });
});
