import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type TestStore, testStore } from '../../../test/database.ts';
import { keyedAgent, testAgent } from '../../../test/identity/world.ts';
import { type Actor, type Principal, systemClock } from '../../kernel/index.ts';
import { openIdentity, type Principals } from '../identity.ts';
import { openRecheck, type Recheck } from './ended.ts';

let store: TestStore;
let principals: Principals;
let recheck: Recheck;

async function principal(
  name: string,
  credential: Partial<Principal['credential']> = {},
  actors: readonly Actor[] = [],
): Promise<Principal> {
  const agent = await principals.agents.get(name);
  assert.ok(agent !== null);
  const { id, owner, tenant } = agent;
  const shown = { kind: 'at+jwt', id: `of-${name}`, expires: 0, ...credential } as const;
  return { kind: 'agent', id, name, owner, tenant, credential: shown, actors };
}

describe('calls that are asked about', () => {
  before(async () => {
    store = await testStore();
    const random = (size: number) => randomBytes(size);
    principals = openIdentity({ db: store.db, clock: systemClock, random });
    recheck = openRecheck(store.db);
  });
  after(() => store.close());

  test('end for each thing that ended, and for nothing else (A1, A2)', async () => {
    const { agents } = principals;
    const name = await testAgent(principals);
    const disabled = await testAgent(principals);
    const ownerless = await testAgent(principals, 'mallory');
    const key = await keyedAgent(principals);
    const standing = [
      await principal(name),
      await principal(name, { id: 'a', parents: ['b', 'c'] }, [
        { kind: 'agent', id: 'of-elsewhere' },
        { kind: 'agent', id: key.name },
        { kind: 'person', id: 'alice' },
      ]),
      await principal(key.name),
    ];
    const ending: [Principal, RegExp][] = [
      [await principal(disabled), /agent/],
      [await principal(ownerless), /owner/],
      [await principal(key.name, { kind: 'static-key', id: key.id }), /credential/],
      [await principal(name, { id: 'ended' }), /credential/],
      [await principal(name, { parents: ['x', 'ended'] }), /credential/],
      [await principal(name, {}, [{ kind: 'agent', id: disabled }]), /chain/],
      [await principal(name, {}, [{ kind: 'agent', id: ownerless }]), /chain/],
      [await principal(name, {}, [{ kind: 'person', id: 'mallory' }]), /chain/],
    ];
    const all = [...standing, ...ending.map(([one]) => one)];
    const ask = () => recheck(all.map((one) => ({ principal: one, since: Date.now() })));
    assert.equal((await ask()).size, 0);
    await agents.disable(disabled);
    await agents.disableOwner('mallory');
    await agents.revokeKey(key.id);
    await agents.revokeToken('ended', Date.now() + 60_000);
    const ended = await ask();
    for (const [one, about] of ending) assert.match(ended.get(one) ?? '', about);
    for (const one of standing) assert.equal(ended.get(one), undefined);
    assert.equal((await recheck([])).size, 0);
  });

  test('end for a key or an identity that was revoked since they began (A1)', async () => {
    const { agents } = principals;
    const name = await testAgent(principals);
    const who = await principal(name);
    const began = Date.now() - 1;
    const { publicKey } = generateKeyPairSync('ed25519');
    const key = await agents.addPublicKey(name, publicKey.export({ format: 'jwk' }));
    const { revoked } = await agents.revokePublicKey(key.id);
    assert.match((await recheck([{ principal: who, since: began }])).get(who) ?? '', /key/);
    const later = { principal: who, since: (revoked ?? 0) + 1 };
    assert.equal((await recheck([later])).size, 0);
    const subject = 'spiffe://prod.example/one';
    const identity = await agents.addIdentity(name, { kind: 'spiffe', subject });
    await agents.revokeIdentity(identity.id);
    assert.equal((await recheck([{ principal: who, since: began }])).size, 1);
  });

  test('are asked about in one statement, a thousand at a time (A1)', async () => {
    const { agents } = principals;
    const name = await testAgent(principals);
    const many = await Promise.all(
      Array.from({ length: 1000 }, (_, i) => principal(name, { id: `many-${i}` })),
    );
    await agents.revokeToken('many-7', Date.now() + 60_000);
    const ended = await recheck(many.map((one) => ({ principal: one, since: Date.now() })));
    assert.deepEqual(
      [...ended.keys()].map(({ credential }) => credential.id),
      ['many-7'],
    );
  });
});
