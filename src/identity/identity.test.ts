import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { type TestStore, testStore } from '../../test/database.ts';
import { bearer } from '../../test/identity/presented.ts';
import { type Clock, GatehouseError, type Principal } from '../kernel/index.ts';
import { openIdentity, type Principals } from './identity.ts';
import { staticKey } from './static-key.ts';

let store: TestStore;
let now = Date.parse('2030-01-01T00:00:00Z');
const clock: Clock = { now: () => now, after: () => () => {} };

function open(): Principals {
  return openIdentity({ db: store.db, clock, random: (size) => randomBytes(size) });
}

let count = 0;
async function agent(principals: Principals): Promise<string> {
  const name = `agent-${++count}`;
  await principals.agents.create({ name, owner: 'ada', purpose: 'testing', tenant: 'default' });
  return name;
}

function refused(code: string, about: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof GatehouseError);
    assert.equal(error.code, code);
    assert.match(error.message, about);
    return true;
  };
}

async function identify(principals: Principals, credential: string | null): Promise<Principal> {
  return principals.identify(bearer(credential));
}

describe('identity', () => {
  before(async () => {
    store = await testStore();
  });
  after(() => store.close());

  describe('static keys', () => {
    test('stand for their agent, with owner, tenant and kind of credential (A1)', async () => {
      const principals = open();
      const name = await agent(principals);
      const { key, id, expires } = await principals.agents.issueKey(name);
      assert.match(key, /^gh_[A-Za-z0-9_-]{49}$/);
      assert.equal(expires, now + 86_400_000);
      const principal = await principals.identify(bearer(key));
      assert.deepEqual(principal, {
        kind: 'agent',
        id: (await principals.agents.get(name))?.id,
        name,
        owner: 'ada',
        tenant: 'default',
        risk: 0,
        credential: { kind: 'static-key', id, expires },
        actors: [],
      });
      assert.ok(Object.isFrozen(principal));
    });

    test('are answered at once after the first time, and not kept in the database (A1)', async () => {
      const principals = open();
      const { key } = await principals.agents.issueKey(await agent(principals));
      const first = principals.identify(bearer(key));
      assert.ok(first instanceof Promise);
      const principal = await first;
      assert.equal(principals.identify(bearer(key)), principal);
      const rows = await store.db.selectFrom('agent_key').selectAll().execute();
      assert.ok(!JSON.stringify(rows).includes(key));
      assert.ok(!rows.some(({ hash }) => key.includes(hash.toString('base64url'))));
    });

    test('revoked here, count no more at once (A1)', async () => {
      const principals = open();
      const { key, id } = await principals.agents.issueKey(await agent(principals));
      await principals.identify(bearer(key));
      const { revoked } = await principals.agents.revokeKey(id);
      assert.equal(revoked, now);
      await assert.rejects(identify(principals, key), refused('unauthenticated', /revoked/));
    });

    test('revoked elsewhere, count no more after a second (A1)', async () => {
      const here = open();
      const there = open();
      const { key, id } = await here.agents.issueKey(await agent(here));
      await here.identify(bearer(key));
      await there.agents.revokeKey(id);
      now += 400;
      assert.ok(!(here.identify(bearer(key)) instanceof Promise), 'an answer may be a second old');
      now += 600;
      await assert.rejects(identify(here, key), refused('unauthenticated', /revoked/));
    });

    test('that are in use are looked up ahead of time, so that nobody waits (A1)', async () => {
      const principals = open();
      const { key } = await principals.agents.issueKey(await agent(principals));
      const first = await principals.identify(bearer(key));
      now += 700;
      assert.equal(principals.identify(bearer(key)), first);
      // The look-up that this began answers before the old answer is too old.
      for (let waited = 0; principals.identify(bearer(key)) === first && waited < 200; waited++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      now += 700;
      assert.ok(!(principals.identify(bearer(key)) instanceof Promise));
    });

    test('of a disabled agent count no more, and it gets no new one (A1)', async () => {
      const here = open();
      const there = open();
      const name = await agent(here);
      const { key } = await here.agents.issueKey(name);
      await there.identify(bearer(key));
      const { disabled } = await here.agents.disable(name);
      assert.equal(disabled, now);
      now += 1000;
      await assert.rejects(identify(there, key), refused('unauthenticated', /disabled/));
      await assert.rejects(here.agents.issueKey(name), refused('conflict', /disabled/));
    });

    test('expire, also while they are remembered (A1)', async () => {
      const principals = open();
      const name = await agent(principals);
      const { key } = await principals.agents.issueKey(name, { expiresInMs: 1000 });
      await principals.identify(bearer(key));
      now += 999;
      await principals.identify(bearer(key));
      now += 1;
      await assert.rejects(identify(principals, key), refused('unauthenticated', /expired/));
    });

    test('that are mistyped, unknown, missing or no credentials at all are told apart (A1)', async () => {
      const principals = open();
      const { key } = await principals.agents.issueKey(await agent(principals));
      const mistyped = key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A');
      assert.throws(
        () => principals.identify(bearer(mistyped)),
        refused('unauthenticated', /mistyped/),
      );
      assert.throws(
        () => principals.identify(bearer(null)),
        refused('unauthenticated', /no credential/),
      );
      assert.throws(
        () => principals.identify(bearer('')),
        refused('unauthenticated', /no credential/),
      );
      assert.throws(
        () => principals.identify(bearer('hello')),
        refused('unauthenticated', /neither/),
      );
      const unknown = staticKey(randomBytes(32));
      await assert.rejects(identify(principals, unknown), refused('unauthenticated', /unknown/));
      // Refused again without asking the database.
      assert.throws(
        () => principals.identify(bearer(unknown)),
        refused('unauthenticated', /unknown/),
      );
    });

    test('with a database that is away are not let in, and that is no fault of theirs (A1)', async () => {
      const away = await testStore();
      const options = { db: away.db, clock, random: (size: number) => randomBytes(size) };
      const principals = openIdentity(options);
      const { key } = await principals.agents.issueKey(await agent(principals));
      await principals.identify(bearer(key));
      await away.close();
      now += 1000;
      await assert.rejects(identify(principals, key), refused('store_unavailable', /try again/));
    });
  });

  test('garbage is refused as unauthenticated and nothing else (A1)', async () => {
    const principals = open();
    const garbage = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ maxLength: 100 }).map((text) => `gh_${text}`),
      fc.tuple(fc.base64String(), fc.base64String(), fc.base64String()).map((all) => all.join('.')),
      fc.json().map((json) => `${Buffer.from(json).toString('base64url')}.e30.x`),
      fc.constant('x'.repeat(100_000)),
    );
    const law = fc.asyncProperty(garbage, async (text) => {
      await assert.rejects(identify(principals, text), refused('unauthenticated', /./));
    });
    await fc.assert(law, { numRuns: 300 });
  });

  describe('agents', () => {
    test('have names that are safe everywhere, and are registered once (A1)', async () => {
      const { agents } = open();
      const good = { name: 'mail-sorter', owner: 'ada', purpose: 'sorts mail', tenant: 'default' };
      const made = await agents.create(good);
      assert.match(made.id, /^agt_[0-9a-f]{20}$/);
      assert.deepEqual(await agents.get('mail-sorter'), made);
      assert.equal(await agents.get('nobody\0'), null);
      assert.ok((await agents.list()).some(({ id }) => id === made.id));
      await assert.rejects(agents.create(good), refused('conflict', /exists/));
      for (const name of ['', 'Mail', '-a', 'a-', 'a b', 'a/b', 'a\0', 'ä', 'x'.repeat(65)]) {
        await assert.rejects(agents.create({ ...good, name }), refused('bad_request', /name/));
      }
      await assert.rejects(
        agents.create({ ...good, name: 'a', owner: ' ' }),
        refused('bad_request', /owner/),
      );
      const twoLines = { ...good, name: 'a', purpose: 'a\nb' };
      await assert.rejects(agents.create(twoLines), refused('bad_request', /purpose/));
    });

    test('that are unknown are said to be so', async () => {
      const { agents } = open();
      await assert.rejects(agents.issueKey('nobody'), refused('not_found', /nobody/));
      await assert.rejects(agents.disable('nobody'), refused('not_found', /nobody/));
      await assert.rejects(agents.revokeKey('key_0'), refused('not_found', /key_0/));
    });

    test('get keys of a second to 90 days, and list them without the keys (A1)', async () => {
      const principals = open();
      const name = await agent(principals);
      for (const expiresInMs of [0, -1, Number.NaN, 90 * 86_400_000 + 1, 1e18]) {
        const issue = principals.agents.issueKey(name, { expiresInMs });
        await assert.rejects(issue, refused('bad_request', /live/));
      }
      const { id, expires } = await principals.agents.issueKey(name, { expiresInMs: 5000 });
      const [key, ...more] = await principals.agents.keys(name);
      assert.deepEqual(more, []);
      assert.deepEqual(Object.keys(key ?? {}).sort(), [
        'agent',
        'created',
        'expires',
        'id',
        'revoked',
      ]);
      assert.deepEqual([key?.id, key?.expires, key?.revoked], [id, expires, null]);
    });
  });
});
