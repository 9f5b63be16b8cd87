import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { forEachDatabase } from '../../test/database.ts';
import { openStore } from './store.ts';

forEachDatabase('the store', (server) => {
  test('reads bigint as number and refuses one that is not exact', async () => {
    const store = await server.store();
    const { pool } = store;
    const most = await pool.query(
      `select 9007199254740991::bigint as n, array[1, null, -2]::bigint[] as a`,
    );
    assert.deepEqual(most.rows[0], { n: 9007199254740991, a: [1, null, -2] });
    await assert.rejects(pool.query('select 9007199254740992::bigint as n'), /beyond 2\^53/);
    await store.close();
  });

  test('outlives connections that are cut, idle and in the middle of a transaction', async () => {
    const store = await server.store(3);
    const { pool } = store;
    const busy = await pool.connect();
    await busy.query('begin');
    const cut = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`;
    // One is idle in the pool, one is held; both are cut, and nobody waits for either.
    await Promise.all([pool.query('select 1'), pool.query('select 1')]);
    const gone = new Promise<void>((done) => busy.once('end', done));
    await pool.query(cut);
    await gone;
    await assert.rejects(busy.query('select 1'));
    busy.release(true);
    assert.equal((await pool.query('select 1 as one')).rows[0].one, 1);
    await store.close();
    await store.close();
  });

  test('describes itself without the password', async () => {
    const store = await server.store();
    const { password, pathname } = new URL(store.url.replace(/@%2F[^/]*/, '@socket'));
    const said = store.describe();
    assert.ok(said.includes(pathname.slice(1)), said);
    if (password !== '') assert.ok(!said.includes(password), said);
    await store.close();
  });

  test('types its tables as the database has them', async () => {
    const store = await server.store();
    const at = new Date('2026-01-02T03:04:05.678Z');
    const row = {
      id: 1,
      origin: 'o',
      size: 5,
      root: Buffer.from([1]),
      frontier: Buffer.alloc(0),
      at,
    };
    await store.db.insertInto('log_head').values(row).execute();
    assert.deepEqual(await store.db.selectFrom('log_head').selectAll().execute(), [row]);
    const setting = { name: 'n', value: JSON.stringify([1, 'a']), changed: at };
    await store.db.insertInto('setting').values(setting).execute();
    const found = await store.db.selectFrom('setting').selectAll().executeTakeFirst();
    assert.deepEqual(found, { name: 'n', value: [1, 'a'], changed: at });
    await store.close();
  });
});

test('a server that is not there is named, with its mend and without the password', async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => free.once('listening', done));
  const { port } = free.address() as { port: number };
  await new Promise((done) => free.close(done));
  const url = `postgres://someone:hush@127.0.0.1:${port}/gatehouse`;
  await assert.rejects(openStore({ url, dataDir: '', log: () => {} }), (error: Error) => {
    assert.equal((error as Error & { code: string }).code, 'store_unavailable');
    assert.ok(error.message.includes(`someone@127.0.0.1:${port}/gatehouse`), error.message);
    assert.ok(error.message.includes('DATABASE_URL'));
    assert.ok(!error.message.includes('hush'));
    return true;
  });
});

test('an address that cannot be read says how to write one', async () => {
  await assert.rejects(
    openStore({ url: 'postgres://a:b@host:port/x', dataDir: '', log: () => {} }),
    {
      code: 'store_unavailable',
      message: /postgres:\/\/user:password@host:5432\/database/,
    },
  );
});
