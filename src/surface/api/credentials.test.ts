import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  type Answer,
  type ControlWorld,
  controlWorld,
  problem,
} from '../../../test/control/world.ts';
import {
  agent,
  identity,
  identityList,
  ownerList,
  publicKey,
  publicKeyList,
  revokedToken,
  signingKeyList,
} from '../contract/index.ts';

let world: ControlWorld;
let count = 0;

async function newAgent(owner = 'ana', more: object = {}): Promise<string> {
  const name = `agent-${++count}`;
  const made = await world.post('/v1/agents', { name, owner, ...more });
  assert.equal(made.status, 201, made.text);
  return name;
}

function pair() {
  const { publicKey: open, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secret = privateKey.export({ format: 'jwk' });
  return { open: open.export({ format: 'jwk' }), secret, d: String(secret.d) };
}

async function record(): Promise<string> {
  return JSON.stringify(await world.log.all());
}

const spiffe = (subject: string) => ({ kind: 'spiffe', issuer: 'example.org', subject });

describe('what agents prove themselves with, over the control plane', () => {
  before(async () => {
    world = await controlWorld();
  });
  beforeEach(() => {
    world.log.broken = false;
    world.log.happened.length = 0;
  });
  after(() => world.close());

  test('a public key is registered, listed and revoked, and each is on the record (A1)', async () => {
    const name = await newAgent();
    const { open } = pair();
    const path = `/v1/agents/${name}/public-keys`;
    const added = await world.post(path, { jwk: { ...open, kid: 'mine', use: 'sig' } });
    assert.equal(added.status, 201, added.text);
    const { id, jwk } = publicKey.parse(added.json());
    assert.match(id, /^[A-Za-z0-9_-]{43}$/);
    assert.deepEqual(jwk, open);
    const { publicKeys } = publicKeyList.parse((await world.ask(path)).json());
    assert.deepEqual(
      publicKeys.map((one) => [one.id, one.revoked]),
      [[id, null]],
    );
    problem(await world.post(path, { jwk: open }), 409, 'conflict', /registered already/);
    const revoked = publicKey.parse((await world.post(`/v1/public-keys/${id}/revoke`)).json());
    assert.notEqual(revoked.revoked, null);
    assert.deepEqual(world.log.happened.slice(-2), [
      'append agent.public-key.add',
      'append agent.public-key.revoke',
    ]);
  });

  test('an agent is registered together with its key and its risk', async () => {
    const { open } = pair();
    const name = await newAgent('ana', { publicKey: open, risk: 70 });
    const { publicKeys } = publicKeyList.parse(
      (await world.ask(`/v1/agents/${name}/public-keys`)).json(),
    );
    const written = (await world.log.all()).at(-1);
    assert.deepEqual(written?.['keys'], [publicKeys[0]?.id]);
    assert.equal(written?.['risk'], 70);
    const changed = await world.post(`/v1/agents/${name}/risk`, { risk: 5 });
    assert.equal(agent.parse(changed.json()).risk, 5);
    assert.equal((await world.log.all()).at(-1)?.['kind'], 'agent.risk');
    for (const risk of [-1, 101, 1.5, '5', null]) {
      const bad = await world.post(`/v1/agents/${name}/risk`, { risk });
      problem(bad, 400, 'bad_request', /`risk`/);
    }
  });

  test('a private key is refused wherever it is sent, and stands nowhere afterwards (A1, D3)', async () => {
    const name = await newAgent();
    const { secret, d, open } = pair();
    const path = `/v1/agents/${name}/public-keys`;
    const told = /secret key, which was not kept; send the public half alone/;
    const oct = { kty: 'oct', k: d };
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    for (const jwk of [secret, oct, { ...open, p: d }, rsa.export({ format: 'jwk' })]) {
      problem(await world.post(path, { jwk }), 400, 'bad_request', told);
    }
    const fresh = { name: 'with-key', owner: 'ana', publicKey: secret };
    problem(await world.post('/v1/agents', fresh), 400, 'bad_request', told);
    const bare = await world.post(path, { ...secret });
    problem(bare, 400, 'bad_request', /jwk/);
    const wrapped = await world.post(path, { jwk: { keys: [secret] } });
    problem(wrapped, 400, 'bad_request', /its kind is not one of/);
    for (const answer of [bare, wrapped]) assert.ok(!answer.text.includes(d));
    assert.ok(!(await record()).includes(d));
    assert.ok(!JSON.stringify(world.defects).includes(d));
    const rows = await world.store.db.selectFrom('agent_public_key').select('jwk').execute();
    assert.ok(!JSON.stringify(rows).includes(d));
    assert.deepEqual(publicKeyList.parse((await world.ask(path)).json()).publicKeys, []);
    assert.equal((await world.ask('/v1/agents/with-key')).status, 404);
  });

  test('a key that is none, weak, or of an unknown agent is refused with the mend', async () => {
    const path = `/v1/agents/${await newAgent()}/public-keys`;
    const { open } = pair();
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    for (const [body, about] of [
      [{ jwk: 'ssh-ed25519 AAAA' }, /`jwk`/],
      [{ jwk: {} }, /its kind is not one of/],
      [{ jwk: { ...open, x: 'AAAA' } }, /malformed, or no point/],
      [{ jwk: { ...open, crv: 'secp256k1' } }, /its kind is not one of/],
      [{ jwk: weak.export({ format: 'jwk' }) }, /2048 to 8192 bits/],
      [{}, /`jwk`/],
    ] as const) {
      problem(await world.post(path, body), 400, 'bad_request', about);
    }
    const nobody = await world.post('/v1/agents/nobody/public-keys', { jwk: open });
    problem(nobody, 404, 'not_found', /`nobody`/);
    problem(await world.post('/v1/public-keys/x/revoke'), 404, 'not_found', /`x`/);
  });

  test('no key, identity or agent counts whose registration could not be written (A4)', async () => {
    const name = await newAgent();
    world.log.broken = true;
    const { open } = pair();
    const failed: Answer[] = [
      await world.post(`/v1/agents/${name}/public-keys`, { jwk: open }),
      await world.post(`/v1/agents/${name}/identities`, spiffe('spiffe://example.org/broken')),
      await world.post('/v1/agents', { name: 'unwritten', owner: 'ana', publicKey: pair().open }),
    ];
    for (const answer of failed) assert.equal(answer.status, 500);
    for (const one of [name, 'unwritten']) {
      const path = `/v1/agents/${one}`;
      const { publicKeys } = publicKeyList.parse((await world.ask(`${path}/public-keys`)).json());
      assert.ok(publicKeys.length === 1 && publicKeys.every(({ revoked }) => revoked !== null));
      const { identities } = identityList.parse((await world.ask(`${path}/identities`)).json());
      assert.ok(identities.every(({ revoked }) => revoked !== null));
    }
  });

  test('an identity elsewhere is registered, listed and revoked (A1)', async () => {
    const name = await newAgent();
    const path = `/v1/agents/${name}/identities`;
    const svid = await world.post(path, spiffe('spiffe://example.org/support'));
    assert.equal(svid.status, 201, svid.text);
    const oidc = await world.post(path, {
      kind: 'oidc',
      issuer: 'https://token.actions.githubusercontent.com',
      claims: { repository: 'acme/support', ref: 'refs/heads/main' },
    });
    const { id, subject, claims } = identity.parse(oidc.json());
    assert.deepEqual([subject, claims['repository']], [null, 'acme/support']);
    assert.equal(identityList.parse((await world.ask(path)).json()).identities.length, 2);
    const written = (await world.log.all()).at(-1);
    assert.equal(written?.['kind'], 'agent.identity.add');
    assert.deepEqual(written?.['claims'], claims);
    const revoked = identity.parse((await world.post(`/v1/identities/${id}/revoke`)).json());
    assert.notEqual(revoked.revoked, null);
    assert.equal((await world.log.all()).at(-1)?.['kind'], 'agent.identity.revoke');
  });

  test('an identity that fits too much, or nothing, is refused', async () => {
    const path = `/v1/agents/${await newAgent()}/identities`;
    const github = { kind: 'oidc', issuer: 'https://token.actions.githubusercontent.com' };
    for (const [body, about] of [
      [spiffe('spiffe://other.org/support'), /is not of trust domain `example\.org`/],
      [spiffe('https://example.org/support'), /is no SPIFFE ID of a workload/],
      [spiffe('spiffe://example.org/../x'), /is no SPIFFE ID of a workload/],
      [{ kind: 'spiffe', issuer: 'example.org' }, /is no SPIFFE ID of a workload/],
      [github, /every token of its issuer would fit/],
      [{ ...github, claims: { aud: 7 } }, /`claims\.aud`/],
      [{ ...github, claims: { aud: 'x' } }, /does not say who it is/],
      [{ kind: 'saml', issuer: 'x', subject: 'y' }, /`kind`/],
      [{ ...github, subject: 'x', role: 'admin' }, /role/],
    ] as const) {
      problem(await world.post(path, body), 400, 'bad_request', about);
    }
    const known = spiffe('spiffe://example.org/one');
    assert.equal((await world.post(path, known)).status, 201);
    const other = `/v1/agents/${await newAgent()}/identities`;
    problem(
      await world.post(other, known),
      409,
      'conflict',
      /stands for agent `agent-\d+` already/,
    );
    problem(await world.post('/v1/identities/x/revoke'), 404, 'not_found', /`x`/);
  });

  test('an owner is stopped with every agent, whatever the name is made of (A2)', async () => {
    const owner = 'Bo/Ops @ example.org%2F?';
    await newAgent(owner);
    const name = await newAgent(owner);
    const path = `/v1/owners/${encodeURIComponent(owner)}/disable`;
    world.log.broken = true;
    assert.equal((await world.post(path)).status, 500);
    world.log.broken = false;
    const { owners } = ownerList.parse((await world.ask('/v1/owners')).json());
    const stopped = owners.find(({ name }) => name === owner);
    assert.equal(stopped?.agents, 2);
    assert.notEqual(stopped?.disabled, null, 'it is stopped even when that cannot be written');
    assert.equal((await world.post(path)).status, 200);
    const written = (await world.log.all()).at(-1);
    assert.deepEqual([written?.['kind'], written?.['owner']], ['owner.disable', owner]);
    const shown = agent.parse((await world.ask(`/v1/agents/${name}`)).json());
    assert.deepEqual([shown.status, shown.disabled], ['disabled', stopped?.disabled]);
    const again = await world.post('/v1/agents', { name: 'of-bo', owner });
    problem(again, 409, 'conflict', /is disabled/);
    problem(await world.post('/v1/owners/nobody/disable'), 404, 'not_found', /`nobody`/);
    problem(await world.post('/v1/owners/a%00b/disable'), 400, 'bad_request', /one line/);
  });

  test('a token is revoked by its id, and the signing keys are told and rotated', async () => {
    const expires = '2031-01-01T00:00:00.000Z';
    const revoked = await world.post('/v1/tokens/jti_1/revoke', { expires });
    assert.equal(revokedToken.parse(revoked.json()).expires, expires);
    const unknown = await world.post('/v1/tokens/jti_2/revoke', {});
    const kept = Date.parse(revokedToken.parse(unknown.json()).expires) - Date.now();
    assert.ok(kept > 364 * 86_400_000);
    assert.ok(await world.parts.agents.isRevoked(['jti_2']));
    const bad = await world.post('/v1/tokens/jti_1/revoke', { expires: 'soon' });
    problem(bad, 400, 'bad_request', /`expires`/);
    const before = signingKeyList.parse((await world.ask('/v1/signing-keys')).json()).keys;
    const rotated = await world.post('/v1/signing-keys/rotate');
    assert.equal(rotated.status, 201);
    const now = signingKeyList.parse((await world.ask('/v1/signing-keys')).json()).keys;
    const { id } = rotated.json() as { id: string };
    assert.equal(now.length, before.length + 1, 'the old key still verifies');
    assert.ok(now.some(({ kid }) => kid === id) && !JSON.stringify(now).includes('"d"'));
    assert.equal((await world.log.all()).at(-1)?.['key'], id);
  });

  test('another method than the one that is described is no endpoint', async () => {
    for (const [method, path] of [
      ['DELETE', '/v1/agents/a/public-keys'],
      ['GET', '/v1/public-keys/k/revoke'],
      ['GET', '/v1/owners/o/disable'],
      ['PUT', '/v1/agents/a/risk'],
      ['GET', '/v1/signing-keys/rotate'],
    ] as const) {
      problem(await world.ask(path, { method }), 404, 'not_found', /is no endpoint/);
    }
  });
});
