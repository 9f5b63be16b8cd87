import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { forEachDatabase } from '../../test/database.ts';
import { storeChild } from '../../test/store/child.ts';
import { migrate } from './migrate.ts';
import type { Migration } from './migration.ts';
import { migrations } from './migrations/all.ts';

const first: Migration = {
  id: '0001-one',
  sql: 'create table one (id int); insert into one values (1);',
};
const second: Migration = { id: '0002-two', sql: 'alter table one add note text;' };

forEachDatabase('migrations', (server) => {
  async function withPool(use: (pool: pg.Pool) => Promise<void>): Promise<void> {
    const database = await server.database();
    const pool = new pg.Pool({ connectionString: database.url });
    pool.on('error', () => {});
    try {
      await use(pool);
    } finally {
      await pool.end();
      await database.drop();
    }
  }

  test('apply in order, each once', () =>
    withPool(async (pool) => {
      assert.deepEqual(await migrate(pool, [first]), ['0001-one']);
      assert.deepEqual(await migrate(pool, [first, second]), ['0002-two']);
      assert.deepEqual(await migrate(pool, [first, second]), []);
      assert.deepEqual((await pool.query('select * from one')).rows, [{ id: 1, note: null }]);
    }));

  test('refuse a step that was changed after it was applied', () =>
    withPool(async (pool) => {
      await migrate(pool, [first]);
      const changed = { ...first, sql: `${first.sql} insert into one values (2);` };
      await assert.rejects(migrate(pool, [changed, second]), {
        code: 'store_unavailable',
        message: /`0001-one` is not the one that was applied/,
      });
      assert.equal((await pool.query('select * from one')).rowCount, 1);
    }));

  test('refuse a database that is newer than the code', () =>
    withPool(async (pool) => {
      await migrate(pool, [first, second]);
      await assert.rejects(migrate(pool, [first]), {
        code: 'store_unavailable',
        message: /has the migration `0002-two` that this gatehouse does not know/,
      });
    }));

  test('keep nothing of a step that fails, and all before it', () =>
    withPool(async (pool) => {
      const broken = { id: '0002-broken', sql: 'create table two (id int); select 1 / 0;' };
      await assert.rejects(migrate(pool, [first, broken]), {
        code: 'store_unavailable',
        message: /`0002-broken` failed and nothing of it was kept: division by zero/,
      });
      const two = await pool.query(`select to_regclass('two') as it`);
      assert.equal(two.rows[0].it, null);
      assert.deepEqual(await migrate(pool, [first, second]), ['0002-two']);
    }));

  test('run once when eight connections begin at once', () =>
    withPool(async (pool) => {
      const slow = { ...first, sql: `${first.sql} select pg_sleep(0.02);` };
      const applied = await Promise.all(
        Array.from({ length: 8 }, () => migrate(pool, [slow, second])),
      );
      assert.deepEqual(applied.flat().sort(), ['0001-one', '0002-two']);
    }));

  test('run once when four processes open the store at once', async () => {
    const database = await server.database();
    const all = Array.from({ length: 4 }, () => storeChild('', 'once', database.url));
    for (const one of all) assert.equal(await one.said('open', 'refused'), 'open');
    await Promise.all(all.map((one) => one.ended));
    await withClient(database.url, async (client) => {
      const done = await client.query('select id from migration order by id');
      assert.deepEqual(
        done.rows.map(({ id }) => id),
        migrations.map(({ id }) => id),
      );
    });
    await database.drop();
  });
});

test('the product’s migrations are numbered without a gap, from 0001', () => {
  for (const [at, { id }] of migrations.entries()) {
    assert.match(id, new RegExp(`^${String(at + 1).padStart(4, '0')}-[a-z-]+$`));
  }
});

async function withClient(url: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await use(client).finally(() => client.end());
}
