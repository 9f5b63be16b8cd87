import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type TestStore, testStore } from '../../test/database.ts';
import { bearer, certified, dpop } from '../../test/identity/presented.ts';
import { keyedAgent, openVerifier, sayingToken, testAgent } from '../../test/identity/world.ts';
import { type Clock, GatehouseError } from '../kernel/index.ts';
import { openIdentity, type Principals } from './identity.ts';
import type { Presented } from './presented.ts';
import { staticKey } from './static-key.ts';
import type { VerifiedToken } from './verified-token.ts';

const random = (size: number) => randomBytes(size);
let now = Date.parse('2030-01-01T00:00:00Z');
const clock: Clock = { now: () => now, after: () => () => {} };
let store: TestStore;
let principals: Principals;
let serial = 0;
const proofsSeen = new Set<string>();

function open(): Principals {
  return openIdentity({
    db: store.db,
    clock,
    random,
    verifiers: [openVerifier(true, clock), openVerifier(false, clock)],
    proofs: {
      async check({ proof }, thumbprint) {
        if (!proof?.startsWith(thumbprint) || proofsSeen.has(proof)) {
          throw new GatehouseError('unauthenticated', 'this proof does not count');
        }
        proofsSeen.add(proof);
      },
    },
  });
}

const own = (says: Partial<VerifiedToken>) =>
  sayingToken('own', { id: `token-${++serial}`, ...says });
const out = (says: Partial<VerifiedToken>) =>
  sayingToken('out', { id: `token-${++serial}`, kind: 'oidc', ...says });

async function refused(shown: Presented, about: RegExp, code = 'unauthenticated'): Promise<void> {
  const attempt = async () => principals.identify(shown);
  await assert.rejects(attempt, (error) => {
    assert.ok(error instanceof GatehouseError);
    assert.match(error.message, about);
    assert.equal(error.code, code);
    return true;
  });
}

const actor = (id: string) => ({ kind: 'agent', id }) as const;
const person = (id: string) => ({ kind: 'person', id }) as const;

describe('who a credential stands for', () => {
  before(async () => {
    store = await testStore();
    principals = open();
  });
  after(() => store.close());

  test('is told with risk, scopes, parents, binding and the whole chain (A1)', async () => {
    const { agents } = principals;
    const [name, planner] = [await testAgent(principals), await testAgent(principals)];
    await agents.setRisk(name, 70);
    const text = own({
      agent: name,
      id: 'full',
      actors: [actor(planner), person('alice')],
      scopes: ['call_model'],
      thumbprint: 'T1',
      bound: true,
      parents: ['p1', 'p2'],
    });
    const principal = await principals.identify(dpop(text, 'T1 first'));
    const { credential, actors, risk } = principal;
    assert.equal(risk, 70);
    assert.deepEqual(actors, [actor(planner), person('alice')]);
    assert.deepEqual(credential, {
      kind: 'at+jwt',
      id: 'full',
      expires: now + 299_000,
      bound: true,
      scopes: ['call_model'],
      parents: ['p1', 'p2'],
    });
    assert.ok(Object.isFrozen(principal) && Object.isFrozen(credential.scopes));
  });

  test('is refused unless all that a token rests on stands (A1, A2)', async () => {
    const { agents } = principals;
    const name = await testAgent(principals);
    const chained = await testAgent(principals);
    const disabled = await testAgent(principals);
    const ownerless = await testAgent(principals, 'mallory');
    const { id: key } = await agents.issueKey(name);
    await agents.disable(disabled);
    await agents.disableOwner('mallory');
    await agents.revokeKey(key);
    await agents.revokeToken('ended', now + 60_000);
    const cases: [string, RegExp][] = [
      [own({ agent: 'nobody' }), /not registered/],
      [own({ agent: disabled }), /disabled/],
      [own({ agent: ownerless }), /owner/],
      [own({ agent: name, id: 'ended' }), /revoked/],
      [own({ agent: name, parents: ['fine', 'ended'] }), /revoked/],
      [own({ agent: name, parents: [key] }), /revoked/],
      [own({ agent: name, expires: now }), /expired/],
      [own({ agent: name, actors: [actor('nobody')] }), /chain is not registered/],
      [own({ agent: name, actors: [actor(chained), actor(disabled)] }), /in its chain/],
      [own({ agent: name, actors: [actor(ownerless)] }), /in its chain/],
      [own({ agent: name, actors: [person('mallory')] }), /person/],
      [out({ agent: 'nobody' }), /not registered/],
      [out({ agent: disabled }), /disabled/],
      [out({ agent: name, id: 'ended' }), /revoked/],
      [out({ agent: name, actors: [actor(disabled)] }), /in its chain/],
      ['else.where.x', /not trusted|no signed JWT/],
    ];
    for (const [text, about] of cases) await refused(bearer(text), about);
    // Elsewhere a chain may name agents that are not ours.
    const foreign = out({ agent: name, actors: [actor('nobody'), person('alice')] });
    assert.equal((await principals.identify(bearer(foreign))).name, name);
    const good = own({ agent: name, actors: [actor(chained), person('alice')] });
    assert.equal((await principals.identify(bearer(good))).name, name);
  });

  test('needs a fresh proof with each request where it is bound to a key (A1)', async () => {
    const name = await testAgent(principals);
    const text = own({ agent: name, thumbprint: 'T2', bound: true });
    await refused(bearer(text), /bound to a key/);
    await refused(dpop(text, null), /proof/);
    await refused(dpop(text, 'T3 of another key'), /proof/);
    const known = await principals.identify(dpop(text, 'T2 one'));
    await refused(dpop(text, 'T2 one'), /proof/);
    await refused(bearer(text), /bound to a key/);
    const again = principals.identify(dpop(text, 'T2 two'));
    assert.ok(again instanceof Promise, 'also when the principal is known');
    assert.equal(await again, known);
  });

  test('is refused for a proof that has nothing to prove (A1)', async () => {
    const { key } = await keyedAgent(principals);
    await refused(dpop(key, 'T4 x'), /bound to no key/);
    const text = own({ agent: await testAgent(principals) });
    await refused(dpop(text, 'T4 y'), /bound to no key/);
    await principals.identify(bearer(text));
    await refused(dpop(text, 'T4 z'), /bound to no key/);
  });

  test('is what the certificates say only where no credential is sent (A1)', async () => {
    const name = await testAgent(principals);
    const other = await keyedAgent(principals);
    const chain = [Buffer.from(out({ agent: name, kind: 'x509-svid', bound: true }))];
    const principal = await principals.identify(certified(chain));
    assert.equal(principal.name, name);
    assert.deepEqual([principal.credential.kind, principal.credential.bound], ['x509-svid', true]);
    assert.equal(principals.identify(certified(chain)), principal, 'at once from then on');
    const both = { ...bearer(other.key), certificates: chain };
    assert.equal((await principals.identify(both)).name, other.name);
    await refused(certified([Buffer.from('of nobody')]), /certificates are not trusted/);
    await refused(certified([]), /no credential/);
  });

  test('of tokens got with a revoked key or identity is nobody (A1)', async () => {
    const { agents } = principals;
    const name = await testAgent(principals);
    const claims = { kind: 'oidc', issuer: 'https://ci.example' } as const;
    const { id } = await agents.addIdentity(name, { ...claims, subject: name });
    const worker = await testAgent(principals);
    const actors = [{ kind: 'agent', id: name }] as const;
    const before = own({ agent: name, issued: now - 2000 });
    const delegated = own({ agent: worker, actors, issued: now - 2000 });
    await principals.identify(bearer(before));
    await principals.identify(bearer(delegated));
    await agents.revokeIdentity(id);
    await refused(bearer(before), /since it was issued/);
    now += 2000;
    await refused(bearer(delegated), /since it was issued/);
    await principals.identify(bearer(own({ agent: name, issued: now - 1000 })));
    await principals.identify(bearer(own({ agent: worker, actors, issued: now - 1000 })));
  });

  test('that nobody knows costs the database no more than its share (A1, I4)', async () => {
    const lookups = { perSecond: 10, burst: 20 };
    const { key } = await keyedAgent(principals);
    const busy = openIdentity({ db: store.db, clock, random, lookups });
    await busy.identify(bearer(key));
    const flood = Array.from({ length: 100 }, () => staticKey(randomBytes(32)));
    const answers = await Promise.allSettled(flood.map(async (one) => busy.identify(bearer(one))));
    const codes = answers.map((one) => one.status === 'rejected' && one.reason.code);
    assert.equal(codes.filter((code) => code === 'unauthenticated').length, 19);
    assert.equal(codes.filter((code) => code === 'over_limit').length, 81);
    // Those who are known go on, also when their answer has grown old.
    now += 1_001;
    assert.ok(await busy.identify(bearer(key)));
    const rest = flood.slice(50).map(async (one) => busy.identify(bearer(one)));
    const later = await Promise.allSettled(rest);
    const asked = later.filter(
      (one) => one.status === 'rejected' && one.reason.code !== 'over_limit',
    );
    assert.equal(asked.length, 10);
  });
});
