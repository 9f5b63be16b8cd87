import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { forEachDatabase, type TestStore } from '../../test/database.ts';
import { type Clock, systemClock } from '../kernel/index.ts';
import { insertBlobs } from './blob.ts';
import type { Kms } from './kms.ts';
import { localKms } from './local-kms.ts';
import { openVault, type Sealed, type Vault, type VaultOptions } from './vault.ts';

const folder = await mkdtemp(join(tmpdir(), 'gatehouse-vault-'));
after(() => rm(folder, { recursive: true }));

let files = 0;
const newKms = () => localKms(join(folder, `key-${files++}`), randomBytes);
const trace = '0af7651916cd43dd8448eb211c80319c';
const random = randomBytes;

function body(owner: string, text: string, role = 'input') {
  return { role, owner, bytes: Buffer.from(text) };
}

function isPromise(value: unknown): boolean {
  return value instanceof Promise;
}

forEachDatabase('the vault', (server) => {
  let store: TestStore;
  let kms: Kms;

  // One that is alone in its database unless told to share it.
  async function fresh(options: Partial<VaultOptions> = {}): Promise<Vault> {
    store = await server.store();
    kms = await newKms();
    return openVault({ store, kms, clock: systemClock, random, ...options });
  }
  const beside = (options: Partial<VaultOptions> = {}) =>
    openVault({ store, kms, clock: systemClock, random, ...options });

  async function keep(vault: Vault, owner: string, text: string): Promise<Sealed> {
    const one = await vault.seal(trace, body(owner, text));
    await insertBlobs(store.pool, [one.row]);
    return one;
  }

  test('keeps bodies that open again, here and in another process, and no text in clear (D4)', async () => {
    const vault = await fresh();
    const texts = ['', 'a', 'ünï', 'x'.repeat(100_000)];
    const kept: Sealed[] = [];
    for (const text of texts) kept.push(await vault.seal(trace, body('agent/a', text)));
    await insertBlobs(
      store.pool,
      kept.map(({ row }) => row),
    );
    const other = await beside();
    for (const [at, { ref }] of kept.entries()) {
      assert.equal((await vault.open(ref)).toString(), texts[at]);
      assert.equal((await other.open(ref)).toString(), texts[at]);
      assert.equal(ref.bytes, Buffer.byteLength(texts[at] as string));
    }
    const stored = await store.pool.query(
      `select count(*) as n from blob where position('xxxxxxxx'::bytea in sealed) > 0`,
    );
    assert.equal(stored.rows[0].n, 0);
    await store.close();
  });

  test('seals at once when the key is at hand, and as a promise the first time', async () => {
    const vault = await fresh();
    const first = vault.seal(trace, body('agent/a', 'one'));
    assert.ok(isPromise(first));
    await first;
    assert.ok(!isPromise(vault.seal(trace, body('agent/a', 'two'))));
    assert.throws(() => vault.seal('no trace', body('agent/a', 'x')), TypeError);
    await store.close();
  });

  test('an opening proves its own body to an outsider and no other (D4)', async () => {
    const vault = await fresh();
    const one = await keep(vault, 'agent/a', 'one');
    const two = await keep(vault, 'agent/a', 'two');
    const opening = await vault.opening(one.ref);
    const claim = (text: string) => createHmac('sha256', opening).update(text).digest('hex');
    assert.equal(claim('one'), one.ref.commitment);
    assert.notEqual(claim('two'), two.ref.commitment);
    await store.close();
  });

  test('names a flipped byte, a moved row and a changed reference (D4)', async () => {
    const vault = await fresh();
    const one = await keep(vault, 'agent/a', 'one');
    const two = await keep(vault, 'agent/a', 'two');
    const unverified = { code: 'unverified', message: new RegExp(one.ref.blob) };
    for (const wrong of [
      { ...one.ref, commitment: two.ref.commitment },
      { ...one.ref, role: 'output' },
      { ...one.ref, bytes: 4 },
      { ...one.ref, key: two.ref.blob },
    ]) {
      await assert.rejects(vault.open(wrong), unverified);
    }
    await assert.rejects(vault.open({ ...one.ref, blob: one.ref.key }), { code: 'not_found' });
    await store.pool.query(
      'update blob set sealed = set_byte(sealed, 14, get_byte(sealed, 14) # 1) where id = $1',
      [one.ref.blob],
    );
    await assert.rejects(vault.open(one.ref), unverified);
    await store.pool.query(
      'update blob set sealed = (select sealed from blob where id = $2) where id = $1',
      [one.ref.blob, two.ref.blob],
    );
    await assert.rejects(vault.open(one.ref), unverified);
    assert.equal((await vault.open(two.ref)).toString(), 'two');
    await store.close();
  });

  test('shreds one owner, in every process, and leaves the others readable (D4)', async () => {
    const vault = await fresh();
    const other = await beside();
    const gone = await keep(vault, 'agent/a', 'gone');
    const stays = await keep(vault, 'agent/b', 'stays');
    assert.equal((await other.open(gone.ref)).toString(), 'gone');
    assert.equal(await vault.shred('agent/a'), 1);
    for (const one of [vault, other, await beside()]) {
      await assert.rejects(one.open(gone.ref), { code: 'not_found', message: /shredded/ });
      await assert.rejects(one.opening(gone.ref), { code: 'not_found' });
      assert.equal((await one.open(stays.ref)).toString(), 'stays');
    }
    const left = await store.pool.query('select wrapped from data_key where owner = $1', [
      'agent/a',
    ]);
    assert.deepEqual(left.rows, [{ wrapped: null }]);
    const back = await keep(vault, 'agent/a', 'back');
    assert.notEqual(back.ref.key, gone.ref.key);
    assert.equal((await vault.open(back.ref)).toString(), 'back');
    assert.equal(await vault.shred('agent/nobody'), 0);
    await store.close();
  });

  test('eight vaults that meet an owner for the first time use one key', async () => {
    await fresh();
    const all = await Promise.all(Array.from({ length: 8 }, () => beside()));
    const kept = await Promise.all(all.map((one) => keep(one, 'agent/a', 'x')));
    assert.equal(new Set(kept.map(({ ref }) => ref.key)).size, 1);
    await store.close();
  });

  test('moves to another key-encryption key while bodies are sealed (D4)', async () => {
    const vault = await fresh();
    const old = kms;
    const kept = await Promise.all(
      Array.from({ length: 40 }, (_, at) => keep(vault, `agent/${at}`, `before ${at}`)),
    );
    const next = await newKms();
    const [moved] = await Promise.all([
      vault.rewrap(next),
      ...Array.from({ length: 40 }, async (_, at) => {
        kept.push(await keep(vault, `agent/${at * 2}`, `while ${at}`));
      }),
    ]);
    assert.ok(moved >= 40);
    const ids = await store.pool.query('select distinct kms from data_key');
    assert.deepEqual(ids.rows, [{ kms: next.id }]);
    await assert.rejects(beside({ kms: old }), {
      code: 'store_unavailable',
      message: new RegExp(`wrapped by \`${next.id}\` and the key in use is \`${old.id}\``),
    });
    const after = await beside({ kms: next });
    for (const { ref } of kept) assert.match((await after.open(ref)).toString(), /before|while/);
    await store.close();
  });

  test('moves a key that was being made when the move began (D4)', async () => {
    await fresh();
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const slow: Kms = {
      ...kms,
      async wrap(key) {
        const wrapped = await kms.wrap(key);
        entered.resolve();
        await gate.promise;
        return wrapped;
      },
    };
    const vault = await beside({ kms: slow });
    const sealing = keep(vault, 'agent/a', 'x');
    await entered.promise;
    const next = await newKms();
    const moving = vault.rewrap(next);
    // The move has looked for keys, and would be done, before this one is there.
    await store.pool.query('select pg_sleep(0.05)');
    gate.resolve();
    await Promise.all([sealing, moving]);
    const ids = await store.pool.query('select kms from data_key');
    assert.deepEqual(ids.rows, [{ kms: next.id }]);
    await store.close();
  });

  test('opens what a former key-encryption key wrapped, when that is given', async () => {
    const vault = await fresh();
    const { ref } = await keep(vault, 'agent/a', 'old');
    const next = await beside({ kms: await newKms(), former: [kms] });
    assert.equal((await next.open(ref)).toString(), 'old');
    await store.close();
  });

  test('changes the key after so many seals, counted over processes, and after so long (D4)', async () => {
    let now = 1_000_000;
    const clock: Clock = { now: () => now, after: () => () => {} };
    const limits = { seals: 8, block: 4, ageMs: 1000, leaseMs: 100 };
    const vault = await fresh({ clock, limits });
    const other = await beside({ clock, limits });
    const count = new Map<string, number>();
    const refs: Sealed[] = [];
    for (let at = 0; at < 40; at++) {
      const one = await keep(at % 3 === 0 ? other : vault, 'agent/a', `${at}`);
      refs.push(one);
      count.set(one.ref.key, (count.get(one.ref.key) ?? 0) + 1);
    }
    for (const [id, n] of count) assert.ok(n <= 8, `${id}: ${n}`);
    assert.ok(count.size >= 5);
    const last = refs.at(-1) as Sealed;
    now += 1001;
    assert.notEqual((await keep(vault, 'agent/a', 'later')).ref.key, last.ref.key);
    for (const [at, { ref }] of refs.entries()) {
      assert.equal((await vault.open(ref)).toString(), `${at}`);
    }
    await store.close();
  });

  test('a process notices within its lease that another one shredded the owner (D4)', async () => {
    let now = 1_000_000;
    const clock: Clock = { now: () => now, after: () => () => {} };
    const vault = await fresh({ clock });
    const other = await beside({ clock });
    const before = await keep(vault, 'agent/a', 'before');
    await other.shred('agent/a');
    now += 60_000;
    const later = await keep(vault, 'agent/a', 'later');
    assert.notEqual(later.ref.key, before.ref.key);
    assert.equal((await vault.open(later.ref)).toString(), 'later');
    await store.close();
  });

  test('holds few keys in memory and gives the right one all the same', async () => {
    const vault = await fresh({ limits: { owners: 2 } });
    const kept: Sealed[] = [];
    for (let at = 0; at < 12; at++) kept.push(await keep(vault, `agent/${at % 4}`, `${at}`));
    assert.equal(new Set(kept.map(({ ref }) => ref.key)).size, 4);
    for (const [at, { ref }] of kept.entries()) {
      assert.equal((await vault.open(ref)).toString(), `${at}`);
    }
    await store.close();
  });

  test('inserts rows in the caller’s transaction, all or none', async () => {
    const vault = await fresh();
    const rows = [];
    for (let at = 0; at < 300; at++) rows.push((await vault.seal(trace, body('agent/a', 'x'))).row);
    const client = await store.pool.connect();
    const count = async () => (await store.pool.query('select count(*) as n from blob')).rows[0].n;
    await client.query('begin');
    await insertBlobs(client, rows);
    assert.equal(await count(), 0);
    await client.query('rollback');
    assert.equal(await count(), 0);
    await insertBlobs(client, rows);
    await insertBlobs(client, []);
    assert.equal(await count(), 300);
    client.release();
    await store.close();
  });
});
