import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { forEachDatabase, type TestStore } from '../../../test/database.ts';
import { closeLedgers, draft, origin, testLedger } from '../../../test/ledger/world.ts';
import type { GatehouseError } from '../../kernel/index.ts';
import { openCheckpoint } from '../note/checkpoint.ts';
import { generateKey, signerOf, verifierOf } from '../note/key.ts';
import { localSigner } from '../note/local-signer.ts';
import { publishedIn } from './published.ts';

const code = (expected: string) => (error: GatehouseError) => error.code === expected;
const unverified = code('unverified');

forEachDatabase('what was published', (server) => {
  let store: TestStore;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-published-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  // A log of 300 entries whose checkpoint was published, and a copy of its rows.
  async function publishedLog(name: string) {
    store = await server.store();
    const published = publishedIn(join(folder, name));
    const ledger = await testLedger(store, { published });
    await Promise.all(Array.from({ length: 300 }, (_, n) => ledger.record(draft({ n }))));
    await store.pool.query('create table old_head as select * from log_head');
    await Promise.all(Array.from({ length: 30 }, (_, n) => ledger.record(draft({ n }))));
    await ledger.checkpoint();
    return { ledger, published };
  }
  async function setBack(): Promise<void> {
    await store.pool.query('delete from log_head; insert into log_head select * from old_head');
    await store.pool.query('delete from log_entry where index >= 300');
  }
  async function done(): Promise<void> {
    await closeLedgers();
    await store.close();
  }

  test('a database that was set back is refused at the start (A4)', async () => {
    const { ledger, published } = await publishedLog('back');
    await ledger.close();
    await setBack();
    await assert.rejects(testLedger(store, { published }), unverified);
    // Nor does it pass once it has grown again over the published size.
    const forked = await testLedger(store);
    await Promise.all(Array.from({ length: 50 }, (_, n) => forked.record(draft({ fork: n }))));
    await assert.rejects(testLedger(store, { published }), unverified);
    await done();
  });

  test('a running process does not go on after the database is set back (A4)', async () => {
    const { ledger } = await publishedLog('running');
    await setBack();
    await assert.rejects(ledger.checkpoint(), unverified);
    await assert.rejects(ledger.record(draft()), unverified);
    await done();
  });

  test('a log that is in order opens with its last checkpoint, and goes on', async () => {
    const { ledger, published } = await publishedLog('order');
    const before = await ledger.checkpoint();
    await ledger.close();
    const again = await testLedger(store, { published });
    assert.equal(await again.checkpoint(), before);
    await again.append('start', {});
    const now = await again.checkpoint();
    assert.equal(openCheckpoint(now, verifierOf(again.key))?.size, 331);
    assert.equal((await readFile(join(folder, 'order'))).toString(), now);
    await done();
  });

  test('a head that its entries do not give is never signed (A4)', async () => {
    const { ledger } = await publishedLog('head');
    await store.pool.query(`update log_head set size = size + 1, root = sha256(root)`);
    await assert.rejects(ledger.checkpoint(), unverified);
    await ledger.close();
    await assert.rejects(testLedger(store), unverified);
    await done();
  });

  test('an entry that was changed at the end of the log stops the start', async () => {
    const { ledger } = await publishedLog('entry');
    await ledger.close();
    await store.pool.query('update log_entry set hash = sha256(hash) where index = 329');
    await assert.rejects(testLedger(store), unverified);
    await done();
  });

  test('a remembered checkpoint of another key is refused', async () => {
    const { ledger, published } = await publishedLog('key');
    await ledger.close();
    await writeFile(join(folder, 'key'), 'nonsense');
    await assert.rejects(testLedger(store, { published }), unverified);
    await done();
  });

  test('many at once get checkpoints that never shrink', async () => {
    const { ledger } = await publishedLog('many');
    const sizes: number[] = [];
    const ask = async () => {
      const head = openCheckpoint(await ledger.checkpoint(), verifierOf(ledger.key));
      sizes.push(head?.size ?? -1);
    };
    await Promise.all(
      Array.from({ length: 40 }, (_, n) => (n % 2 ? ask() : ledger.record(draft({ n })))),
    );
    assert.deepEqual(
      sizes,
      [...sizes].sort((a, b) => a - b),
    );
    await done();
  });

  test('the key is made once, for its owner alone, and is of one log', async () => {
    const path = join(folder, 'keys', 'log.key');
    const random = (size: number) => Buffer.alloc(size, Math.floor(Math.random() * 256));
    const all = await Promise.all([1, 2, 3].map(() => localSigner(path, origin, random)));
    assert.equal(new Set(all.map(({ vkey }) => vkey)).size, 1);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal(signerOf(await readFile(path, 'utf8')).vkey, all[0]?.vkey);
    await assert.rejects(localSigner(path, 'other.example/log', random), code('bad_config'));
    await writeFile(path, 'nonsense');
    await assert.rejects(localSigner(path, origin, random), code('bad_config'));
    assert.throws(() => generateKey('with space', random), code('bad_config'));
  });
});
