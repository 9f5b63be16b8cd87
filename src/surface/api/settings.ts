import type { Kysely } from 'kysely';
import type { Clock, Json } from '../../kernel/index.ts';
import type { Tables } from '../../store/index.ts';
import type { Settings } from './parts.ts';

/** The settings that the product keeps of itself, in the `setting` table. */
export function settingsIn(db: Kysely<Tables>, clock: Clock): Settings {
  const rowOf = (name: string, value: Json) => {
    return { name, value: JSON.stringify(value), changed: new Date(clock.now()) };
  };
  return {
    async get(name) {
      const found = db.selectFrom('setting').select('value').where('name', '=', name);
      return (await found.executeTakeFirst())?.value ?? null;
    },
    async put(name, value) {
      const row = rowOf(name, value);
      const { value: text, changed } = row;
      await db
        .insertInto('setting')
        .values(row)
        .onConflict((on) => on.column('name').doUpdateSet({ value: text, changed }))
        .execute();
    },
    async putIfAbsent(name, value) {
      const added = await db
        .insertInto('setting')
        .values(rowOf(name, value))
        .onConflict((on) => on.column('name').doNothing())
        .executeTakeFirst();
      return added.numInsertedOrUpdatedRows === 1n;
    },
  };
}
