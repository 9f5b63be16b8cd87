import { type Kysely, sql } from 'kysely';
import type { Tables } from '../store/index.ts';
import { checkText } from './agent-fields.ts';
import type { RegisterParts } from './register.ts';

/** The tokens that were revoked before their time, by id (`jti`). */
export interface TokenRevocations {
  /**
   * Ends a token and every token that was exchanged from it. `expires` (Unix time in milliseconds)
   * is when it would have ended by itself. @throws GatehouseError `bad_request` for what is no id.
   */
  revokeToken(id: string, expires: number): Promise<void>;
  /** True if one of these tokens, static keys or public keys is revoked. */
  isRevoked(ids: readonly string[]): Promise<boolean>;
}

// A token that was exchanged from another may outlive it, by minutes at each hop.
const keepMs = 3_600_000;

export function openTokenRevocations({ db, clock, stop }: RegisterParts): TokenRevocations {
  return {
    async revokeToken(id, expires) {
      checkText('token', id, 200);
      return stop(async (transaction) => {
        await insertRevocation(transaction, id, expires, clock.now());
        return { result: undefined, endings: [{ what: 'credential', id }] };
      });
    },
    async isRevoked(ids) {
      const found = await sql<{ revoked: boolean }>`
        select exists (select from revoked_token where id = any(${ids}::text[]))
          or exists (select from agent_public_key where id = any(${ids}::text[]) and revoked is not null)
          or exists (select from agent_key where id = any(${ids}::text[]) and revoked is not null)
          as revoked`.execute(db);
      return found.rows[0]?.revoked === true;
    },
  };
}

/** Marks a token as revoked, and forgets those that ended by themselves long ago. */
export async function insertRevocation(
  db: Kysely<Tables>,
  id: string,
  expires: number,
  now: number,
): Promise<void> {
  await db
    .deleteFrom('revoked_token')
    .where('expires', '<', new Date(now - keepMs))
    .execute();
  await db
    .insertInto('revoked_token')
    .values({ id, revoked: new Date(now), expires: new Date(expires) })
    .onConflict((on) => on.column('id').doNothing())
    .execute();
}
