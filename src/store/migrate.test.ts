import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '../../test/database.ts';

forEachDatabase('migrations', (server) => {
  test('x', async () => {
    const s = await server.store();
    assert.equal((await s.pool.query('select count(*) n from migration')).rows[0].n, 3);
    await s.close();
  });
});
