import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type TestStore, testStore } from '../../../test/database.ts';
import { bearer } from '../../../test/identity/presented.ts';
import {
  enters,
  keyedAgent,
  openVerifier,
  sayingToken,
  type TestProcess,
  testAgent,
  testProcess,
} from '../../../test/identity/world.ts';
import { until } from '../../../test/until.ts';
import { GatehouseError, systemClock } from '../../kernel/index.ts';
import type { Principals } from '../identity.ts';
import type { VerifiedToken } from '../verified-token.ts';

let store: TestStore;
let one: TestProcess;
let two: TestProcess;
let here: Principals;
let there: Principals;
let serial = 0;

const verifiers = [openVerifier(true, systemClock)];
const token = (says: Partial<VerifiedToken>) =>
  sayingToken('own', {
    id: `token-${++serial}`,
    issued: Date.now(),
    expires: Date.now() + 300_000,
    ...says,
  });

async function isRefused({ identify }: Principals, credential: string): Promise<boolean> {
  try {
    await identify(bearer(credential));
    return false;
  } catch (error) {
    return error instanceof GatehouseError && error.code === 'unauthenticated';
  }
}

/** Ends something here, and waits until it has ended there: the calls under way and the next. */
async function bites(
  credentials: readonly string[],
  about: RegExp,
  stop: () => Promise<unknown>,
): Promise<void> {
  const calls = await Promise.all(
    credentials.flatMap((text) => [enters(here, bearer(text)), enters(there, bearer(text))]),
  );
  const bystander = await enters(there, bearer((await keyedAgent(there, 'grace')).key));
  await stop();
  await until('every call is cut', () => calls.every(({ cut }) => cut !== null));
  for (const { cut } of calls) {
    assert.equal(cut?.code, 'revoked');
    assert.match(cut?.message ?? '', about);
  }
  assert.equal(bystander.cut, null);
  bystander.leave();
}

async function endsForGood(credentials: readonly string[]): Promise<void> {
  for (const text of credentials) {
    assert.ok(await isRefused(here, text));
    assert.ok(await isRefused(there, text));
  }
}

describe('what ends in one process', () => {
  before(async () => {
    store = await testStore(6);
    // An answer is never too old by itself: what is refused was told.
    one = await testProcess(store, { verifiers });
    two = await testProcess(store, { verifiers });
    here = one.principals;
    there = two.principals;
  });
  after(async () => {
    await one.close();
    await two.close();
    await store.close();
  });

  test('ends in the other: a static key (A1)', async () => {
    const { key, id } = await keyedAgent(here);
    await bites([key], /revoked/, () => here.agents.revokeKey(id));
    await endsForGood([key]);
  });

  test('ends in the other: an agent, with all in whose chain it is (A1, A2)', async () => {
    const { name, key } = await keyedAgent(here);
    const helper = await testAgent(here);
    const shown = [
      key,
      token({ agent: name }),
      token({ agent: helper, actors: [{ kind: 'agent', id: name }] }),
    ];
    await bites(shown, /disabled/, () => here.agents.disable(name));
    await endsForGood(shown);
    assert.ok(!(await isRefused(there, token({ agent: helper }))));
  });

  test('ends in the other: an owner, with each of the agents and whom it stands behind (A1, A2)', async () => {
    const mallory = `mallory-${++serial}`;
    const agents = [await keyedAgent(here, mallory), await keyedAgent(here, mallory)];
    const helper = await testAgent(here);
    const shown = [
      ...agents.map(({ key }) => key),
      token({ agent: helper, actors: [{ kind: 'agent', id: agents[0]?.name ?? '' }] }),
      token({ agent: helper, actors: [{ kind: 'person', id: mallory }] }),
    ];
    await bites(shown, /disabled/, () => here.agents.disableOwner(mallory));
    await endsForGood(shown);
  });

  test('ends in the other: a token, with those exchanged from it (A1)', async () => {
    const name = await testAgent(here);
    const shown = [
      token({ agent: name, id: 'parent' }),
      token({ agent: name, parents: ['grandparent', 'parent'] }),
    ];
    await bites(shown, /revoked/, () => here.agents.revokeToken('parent', Date.now() + 60_000));
    await endsForGood(shown);
    assert.ok(await there.agents.isRevoked(['x', 'parent']));
    assert.ok(!(await there.agents.isRevoked(['x'])));
  });

  test('ends in the other: a public key, with the calls of its agent (A1)', async () => {
    const { name, key } = await keyedAgent(here);
    const { publicKey } = generateKeyPairSync('ed25519');
    const { id } = await here.agents.addPublicKey(name, publicKey.export({ format: 'jwk' }));
    const made = token({ agent: name, parents: [id] });
    await bites([key, made], /revoked/, () => here.agents.revokePublicKey(id));
    await endsForGood([made, token({ agent: name, parents: [id] })]);
    assert.ok(!(await isRefused(there, key)), 'what it proves itself with else goes on');
  });

  test('ends in the other: an identity elsewhere, with the calls of its agent (A1)', async () => {
    const name = await testAgent(here);
    const subject = `spiffe://prod.example/${name}`;
    const { id } = await here.agents.addIdentity(name, { kind: 'spiffe', subject });
    const made = token({ agent: name });
    await bites([made], /revoked/, () => here.agents.revokeIdentity(id));
    await endsForGood([made]);
  });

  test('ends in the other though nobody heard of it: the line was cut in between (A1)', async () => {
    const { key, id } = await keyedAgent(here);
    const calls = [await enters(there, bearer(key)), await enters(there, bearer(key))];
    calls[1]?.leave();
    const { pool } = store;
    await pool.query('update agent_key set revoked = now() where id = $1', [id]);
    const lines = `select pid from pg_stat_activity where datname = current_database()
      and application_name = 'gatehouse notices'`;
    const cut = await pool.query(`select pg_terminate_backend(pid) from (${lines}) as lines`);
    assert.equal(cut.rowCount, 2);
    await until('the call is cut', () => calls[0]?.cut !== null);
    assert.match(calls[0]?.cut?.message ?? '', /revoked/);
    assert.equal(calls[1]?.cut, null, 'a call that left is not told');
    await until('both are back', () => one.notices.connected && two.notices.connected);
    await endsForGood([key]);
  });

  test('ends all calls at once: nobody is left behind, nobody is kept (A1)', async () => {
    const { name, key } = await keyedAgent(here);
    const calls = await Promise.all(Array.from({ length: 500 }, () => enters(there, bearer(key))));
    for (const { leave } of calls.slice(0, 100)) leave();
    await here.agents.disable(name);
    await until('all are cut', () => calls.slice(100).every(({ cut }) => cut !== null));
    assert.ok(calls.slice(0, 100).every(({ cut }) => cut === null));
    assert.equal(there.live.count(), 0);
  });
});
