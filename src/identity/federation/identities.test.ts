import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type TestStore, testStore } from '../../../test/database.ts';
import { registered } from '../../../test/federation/agents.ts';
import { ManualClock } from '../../../test/upstream/manual-clock.ts';
import { type Identities, openIdentities } from './identities.ts';
import type { NewIdentity } from './new-identity.ts';

const clock = new ManualClock();
const issuer = 'https://tokens.example';
let store: TestStore;
let identities: Identities;

const refused = (done: Promise<unknown>, code: string, message: RegExp) =>
  assert.rejects(done, { code, message });

describe('outside identities of agents', () => {
  before(async () => {
    store = await testStore();
    await registered(store, 'mailer', 'other', 'retired');
    const disabled = new Date();
    await store.db.updateTable('agent').set({ disabled }).where('name', '=', 'retired').execute();
    identities = openIdentities({
      db: store.db,
      clock,
      random: (size) => randomBytes(size),
    });
  });
  after(() => store.close());

  test('are added, listed and revoked (A1)', async () => {
    const subject = 'spiffe://ours.example/mailer';
    const spiffe = await identities.add('mailer', { kind: 'spiffe', subject });
    assert.match(spiffe.id, /^idn_[0-9a-f]{20}$/);
    clock.pass(1000);
    const claims = { repository: 'acme/mailer', '/kubernetes.io/namespace': 'agents' };
    const oidc = await identities.add('mailer', { kind: 'oidc', issuer, claims });
    assert.deepEqual(await identities.list('mailer'), [spiffe, oidc]);
    assert.deepEqual(oidc.claims, claims);
    assert.deepEqual([spiffe.issuer, spiffe.claims], ['ours.example', {}]);
    clock.pass(1000);
    const { revoked } = await identities.revoke(oidc.id);
    assert.equal(revoked, clock.now());
    clock.pass(1000);
    assert.equal((await identities.revoke(oidc.id)).revoked, revoked);
    assert.equal((await identities.list('mailer')).length, 2);
    // What was revoked may be given anew, also to another.
    await identities.add('other', { kind: 'oidc', issuer, claims });
    await refused(identities.revoke('idn_\0'), 'not_found', /unknown/);
    await refused(identities.add('nobody', { kind: 'spiffe', subject }), 'not_found', /registered/);
    await refused(identities.list('no\0body'), 'not_found', /registered/);
    await refused(identities.add('retired', { kind: 'spiffe', subject }), 'conflict', /disabled/);
  });

  test('one that stands for an agent stands for no second, however many ask at once (A1)', async () => {
    const claims = { b: '2', a: '1' };
    const all = await Promise.allSettled(
      ['mailer', 'other', 'mailer', 'other'].map((name) =>
        identities.add(name, { kind: 'oidc', issuer, subject: 'one', claims }),
      ),
    );
    assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1);
    const again = { kind: 'oidc', issuer, subject: 'one', claims: { a: '1', b: '2' } } as const;
    await refused(identities.add('other', again), 'conflict', /already/);
  });

  test('what does not say who it is is not registered (A1)', async () => {
    const cases: [NewIdentity, RegExp][] = [
      [{ kind: 'oidc', issuer }, /subject or claims/],
      [{ kind: 'oidc', issuer, subject: null, claims: {} }, /subject or claims/],
      [{ kind: 'oidc', issuer, subject: '' }, /subject/],
      [{ kind: 'oidc', issuer, subject: 'a\0' }, /subject/],
      [{ kind: 'oidc', subject: 'a' }, /issuer/],
      [{ kind: 'oidc', issuer: '', subject: 'a' }, /issuer/],
      [{ kind: 'oidc', issuer, claims: { aud: 'gatehouse' } }, /does not say who/],
      [{ kind: 'oidc', issuer, claims: { '/iss': issuer } }, /does not say who/],
      [{ kind: 'oidc', issuer, claims: { a: '' } }, /claim/],
      [{ kind: 'oidc', issuer, claims: { '': 'a' } }, /claim/],
      [{ kind: 'oidc', issuer, claims: { a: 7 as unknown as string } }, /claim/],
      [{ kind: 'spiffe' }, /SPIFFE ID/],
      [{ kind: 'spiffe', issuer: 'ours.example' }, /SPIFFE ID/],
      [{ kind: 'spiffe', subject: 'spiffe://ours.example' }, /SPIFFE ID/],
      [{ kind: 'spiffe', subject: 'spiffe://ours.example/*' }, /SPIFFE ID/],
      [{ kind: 'spiffe', issuer: 'theirs.example', subject: 'spiffe://ours.example/a' }, /domain/],
      [{ kind: 'spiffe', subject: 'spiffe://ours.example/a', claims: { a: 'b' } }, /claims/],
    ];
    for (const [identity, about] of cases) {
      await refused(identities.add('mailer', identity), 'bad_request', about);
    }
  });
});
