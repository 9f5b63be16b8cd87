import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect, createServer, type Server } from 'node:tls';
import { certificatesOf } from '../../src/gateway/certificates.ts';
import { type Federation, openFederation } from '../../src/identity/federation/federation.ts';
import { openIdentities } from '../../src/identity/federation/identities.ts';
import { GatehouseError, systemClock } from '../../src/kernel/index.ts';
import { type TestStore, testStore } from '../database.ts';
import { loopbackCertificate } from '../upstream/loopback-certificate.ts';
import { registered } from './agents.ts';
import { type Holder, intermediate, issue, pem, root } from './authority.ts';

const id = 'spiffe://ours.example/mailer';
const ca = root('ours');
const between = intermediate(ca, 'between');
const theirs = root('theirs');
const bundle = (one: Holder) =>
  JSON.stringify({ keys: [{ kty: 'EC', use: 'x509-svid', x5c: [one.der.toString('base64')] }] });

let store: TestStore;
let server: Server;
let federation: Federation;

// The server says what it made of the certificates.
async function answer(socket: Socket): Promise<void> {
  try {
    const { agent, bound } = await federation.verifyCertificates(certificatesOf(socket));
    socket.end(`${agent} ${bound}`);
  } catch (error) {
    socket.end(error instanceof GatehouseError ? error.message : 'unexpected');
  }
}

function said(leaf?: Holder, ...others: readonly Holder[]): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const key = leaf?.key.export({ type: 'pkcs8', format: 'pem' });
  const chain = leaf === undefined ? undefined : [leaf, ...others].map(pem).join('');
  const shown = chain === undefined || key === undefined ? {} : { key, cert: chain };
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...shown });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}

describe('X509-SVIDs over a real TLS connection', () => {
  before(async () => {
    store = await testStore();
    await registered(store, 'mailer');
    const random = (size: number) => randomBytes(size);
    const identities = openIdentities({ db: store.db, clock: systemClock, random });
    await identities.add('mailer', { kind: 'spiffe', subject: id });
    federation = openFederation({
      db: store.db,
      clock: systemClock,
      audience: 'gatehouse',
      get: () => assert.fail('nothing is fetched'),
      trustDomains: [
        { name: 'ours.example', bundle: bundle(ca) },
        { name: 'theirs.example', bundle: bundle(theirs) },
      ],
      issuers: [],
      log: () => {},
    });
    const asks = { requestCert: true, rejectUnauthorized: false };
    server = createServer({ ...loopbackCertificate, ...asks }, (socket) => {
      socket.on('error', () => {});
      void answer(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    federation.close();
    await new Promise((resolve) => server.close(resolve));
    await store.close();
  });

  test('a workload is known by the certificate that it holds the key of (A1)', async () => {
    assert.equal(await said(issue(ca, { uris: [id] })), 'mailer true');
    const below = issue(between, { uris: [id] });
    assert.equal(await said(below, between), 'mailer true');
    assert.equal(await said(below, between, ca), 'mailer true');
  });

  test('no certificate, or one that does not count, is refused with the reason (A1)', async () => {
    assert.match(await said(), /shows no certificate/);
    assert.match(await said(issue(between, { uris: [id] })), /root of its trust domain/);
    assert.match(await said(issue(theirs, { uris: [id] })), /root of its trust domain/);
    assert.match(await said(issue(theirs, { uris: [id] }), theirs), /root of its trust domain/);
    const unknown = issue(ca, { uris: ['spiffe://ours.example/other'] });
    assert.match(await said(unknown), /agent identity add/);
    const two = issue(ca, { uris: [id, 'spiffe://ours.example/other'] });
    assert.match(await said(two), /more than one URI/);
    const ended = issue(ca, { uris: [id], notAfter: Date.now() - 5000 });
    assert.match(await said(ended), /expired/);
    const own = root('mailer', { ca: false, usage: [0], uris: [id] });
    assert.match(await said(own), /root of its trust domain/);
  });
});
