import { randomBytes } from 'node:crypto';
import type { TestStore } from '../database.ts';

/** Registers agents of those names; gives their ids. */
export async function registered(store: TestStore, ...names: string[]): Promise<readonly string[]> {
  const rows = names.map((name) => ({
    id: `agt_${randomBytes(10).toString('hex')}`,
    name,
    owner: 'ada',
    purpose: 'testing',
    tenant: 'default',
    created: new Date(),
    disabled: null,
  }));
  await store.db.insertInto('agent').values(rows).execute();
  return rows.map(({ id }) => id);
}
