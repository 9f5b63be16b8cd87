import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  extension,
  type Holder,
  intermediate,
  issue,
  root,
  uriName,
  usage,
} from '../../../test/federation/authority.ts';
import { der, oid, sequence } from '../../../test/federation/der-writer.ts';
import { GatehouseError } from '../../kernel/index.ts';
import { openTrustDomains } from './trust-domains.ts';
import { verifyX509Svid } from './x509-svid.ts';

const now = Date.now();
const hour = 3_600_000;
const id = 'spiffe://ours.example/mailer';
const ours = root('ours', { uris: ['spiffe://ours.example/'] });
const theirs = root('theirs');
const clientAuth = '1.3.6.1.5.5.7.3.2';
const serverAuth = '1.3.6.1.5.5.7.3.1';

function bundle(...roots: readonly Holder[]): string {
  const keys = roots.map((one) => ({
    kty: 'EC',
    use: 'x509-svid',
    x5c: [one.der.toString('base64')],
  }));
  return JSON.stringify({ keys });
}

const domains = openTrustDomains(
  [
    { name: 'ours.example', bundle: bundle(ours) },
    { name: 'theirs.example', bundle: bundle(theirs) },
  ],
  {
    clock: { now: () => now, after: () => () => {} },
    get: () => assert.fail('nothing is fetched'),
    log: () => {},
  },
);

function verify(...chain: readonly (Holder | Uint8Array)[]) {
  const bytes = chain.map((one) => (one instanceof Uint8Array ? one : one.der));
  return verifyX509Svid(bytes, { domains, now });
}

async function refused(chain: readonly (Holder | Uint8Array)[], about: RegExp): Promise<void> {
  await assert.rejects(verify(...chain), (error) => {
    assert.ok(error instanceof GatehouseError, String(error));
    assert.equal(error.code, 'unauthenticated');
    assert.match(error.message, about);
    return true;
  });
}

describe('X509-SVIDs', () => {
  test('one of a root of its trust domain stands for its SPIFFE ID (A1)', async () => {
    const notAfter = Math.floor((now + hour) / 1000) * 1000;
    const leaf = issue(ours, { uris: [id], purposes: [serverAuth, clientAuth], notAfter });
    const { spiffeId, expires, fingerprint } = await verify(leaf);
    assert.equal(spiffeId.id, id);
    assert.equal(expires, notAfter);
    assert.match(fingerprint, /^[0-9a-f]{64}$/);
    // Some clients send the root along.
    assert.equal((await verify(leaf, ours)).expires, notAfter);
  });

  test('intermediates lead to the root, and the first that ends ends it (A1)', async () => {
    const notAfter = Math.floor((now + hour) / 1000) * 1000;
    const upper = intermediate(ours, 'upper', { pathLength: 1, notAfter });
    const lower = intermediate(upper, 'lower', { pathLength: 0 });
    const leaf = issue(lower, { uris: [id] });
    assert.equal((await verify(leaf, lower, upper)).expires, notAfter);
    assert.equal((await verify(leaf, lower, upper, ours)).expires, notAfter);
    await refused([leaf, upper, lower], /no chain/);
    await refused([leaf, upper], /no chain/);
    await refused([leaf, lower], /root of its trust domain/);
    await refused([leaf], /root of its trust domain/);
    await refused([], /no certificate/);
    await refused(Array(9).fill(leaf), /more than 8/);
    const third = intermediate(lower, 'third');
    await refused(
      [issue(third, { uris: [id] }), third, lower, upper],
      /longer than one of its CAs/,
    );
  });

  test('another trust domain cannot speak for this one (A1)', async () => {
    await refused([issue(theirs, { uris: [id] })], /root of its trust domain/);
    await refused([issue(theirs, { uris: [id] }), theirs], /root of its trust domain/);
    const named = root('ours');
    await refused([issue(named, { uris: [id] }), named], /root of its trust domain/);
    const foreign = 'spiffe://foreign.example/mailer';
    await refused([issue(ours, { uris: [foreign] })], /`foreign.example` is not trusted/);
    const other = await verify(issue(theirs, { uris: ['spiffe://theirs.example/mailer'] }));
    assert.equal(other.spiffeId.trustDomain, 'theirs.example');
    // A CA that says it is of another trust domain.
    const strange = intermediate(ours, 'strange', { uris: ['spiffe://theirs.example'] });
    await refused([issue(strange, { uris: [id] }), strange], /another trust domain/);
  });

  test('only a leaf for signatures is a workload (A1)', async () => {
    const { digitalSignature, keyCertSign, cRLSign } = usage;
    await refused([issue(ours, { uris: [id], ca: true })], /that of a CA/);
    await refused([ours], /that of a CA/);
    await refused([issue(ours, { uris: [id], usage: null })], /digitalSignature/);
    await refused([issue(ours, { uris: [id], usage: [2] })], /digitalSignature/);
    const signs = [digitalSignature, keyCertSign];
    await refused([issue(ours, { uris: [id], usage: signs })], /may sign others/);
    const lists = [digitalSignature, cRLSign];
    await refused([issue(ours, { uris: [id], usage: lists })], /may sign others/);
    await refused([issue(ours, { uris: [id], purposes: [serverAuth] })], /not for clients/);
    // A workload that plays CA, and a CA without the right to sign.
    const workload = issue(ours, { uris: [id], name: 'workload' });
    await refused([issue(workload, { uris: [id] }), workload], /no chain|none of a CA/);
    const weak = intermediate(ours, 'weak', { usage: [digitalSignature] });
    await refused([issue(weak, { uris: [id] }), weak], /no chain|none of a CA/);
    const claims = issue(ours, { name: 'claims', usage: [keyCertSign] });
    await refused([issue(claims, { uris: [id] }), claims], /no chain|none of a CA/);
  });

  test('a certificate counts in its time, as the clock has it (A1)', async () => {
    await refused([issue(ours, { uris: [id], notAfter: now - 2000 })], /expired/);
    await refused([issue(ours, { uris: [id], notBefore: now + 2000 })], /not valid yet/);
    const ended = intermediate(ours, 'ended', { notAfter: now - 2000 });
    await refused([issue(ended, { uris: [id] }), ended], /expired/);
  });

  test('a weak signature and a demand that is not understood are refused (A1)', async () => {
    await refused([issue(ours, { uris: [id], hash: 'sha1' })], /root of its trust domain/);
    const more = [extension('2.5.29.30', sequence())];
    await refused([issue(ours, { uris: [id], more })], /not known here/);
    const limited = intermediate(ours, 'limited', { more });
    await refused([issue(limited, { uris: [id] }), limited], /not known here/);
    const ignored = [extension('1.2.3.4', sequence(), false)];
    assert.equal((await verify(issue(ours, { uris: [id], more: ignored }))).spiffeId.id, id);
  });

  test('exactly one URI name, and that a SPIFFE ID (A1)', async () => {
    await refused([issue(ours)], /names no SPIFFE ID/);
    await refused([issue(ours, { uris: [id, 'spiffe://ours.example/b'] })], /more than one URI/);
    await refused([issue(ours, { uris: [id, id] })], /more than one URI/);
    await refused([issue(ours, { uris: [id, 'https://ours.example'] })], /more than one URI/);
    for (const uri of [
      'https://ours.example/mailer',
      'spiffe://ours.example',
      'spiffe://ours.example/',
      'spiffe://OURS.example/mailer',
      'spiffe://ours.example:443/mailer',
      'spiffe://x@ours.example/mailer',
      'spiffe://*.example/mailer',
      'spiffe://ours.example/../mailer',
      'spiffe://ours.example/a%2fmailer',
      'spiffe://ours.example/mailer?a=b',
      'spiffe://ours.example/mailer\0.evil',
      'spiffe://ours.example/mail\u00e9r',
    ]) {
      await refused([issue(ours, { uris: [uri] })], /SPIFFE ID/);
    }
    const dns = der(0x82, Buffer.from('mailer.example'));
    assert.equal((await verify(issue(ours, { uris: [id], names: [dns] }))).spiffeId.id, id);
  });

  test('a name that looks like a URI in a text of names is none (A1)', async () => {
    const text = (value: string) => Buffer.from(value);
    const dns = (value: string) => der(0x82, text(value));
    const mail = (value: string) => der(0x81, text(value));
    const other = der(0xa0, oid('1.2.3.4'), der(0xa0, der(0x0c, text(`x, URI:${id}`))));
    const directory = der(0xa4, sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, text(id))))));
    for (const name of [
      dns(`a.example, URI:${id}`),
      dns(`"a.example", URI:${id}`),
      dns(`URI:${id}`),
      mail(`a@b.example, URI:${id}`),
      mail(`"a, URI:${id}"`),
      other,
      directory,
    ]) {
      await refused([issue(ours, { names: [name] })], /names no SPIFFE ID/);
      const both = await verify(issue(ours, { uris: [id], names: [name] }));
      assert.equal(both.spiffeId.id, id);
    }
    const quoted = `https://a.example/", URI:${id}`;
    await refused([issue(ours, { names: [uriName(quoted)] })], /SPIFFE ID/);
    await refused([issue(ours, { names: [uriName(`${id}, DNS:x`)] })], /SPIFFE ID/);
  });

  test('what is no certificate is refused (A1)', async () => {
    const leaf = issue(ours, { uris: [id] });
    await refused([Buffer.from('hello')], /DER/);
    await refused([leaf.der.subarray(0, 100)], /DER/);
    await refused([leaf, Buffer.alloc(0)], /DER/);
    const changed = Buffer.from(leaf.der);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    await refused([changed], /root of its trust domain/);
  });
});
