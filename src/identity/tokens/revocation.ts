import type { Kysely } from 'kysely';
import { type Clock, GatehouseError } from '../../kernel/index.ts';
import type { Tables } from '../../store/index.ts';
import type { AccessToken } from './access-token.ts';
import { needed } from './form.ts';
import { leewaySeconds, longestSeconds } from './lifetime.ts';
import type { Mint } from './mint.ts';
import { OAuthError } from './oauth-error.ts';

/** Tells every process that a token has ended. */
export type Notify = (what: { readonly kind: 'token'; readonly id: string }) => Promise<void>;

interface RevocationParts {
  readonly db: Kysely<Tables>;
  readonly mint: Mint;
  readonly clock: Clock;
  readonly notify: Notify;
}

/**
 * Revokes a token (RFC 7009) that the agent asked for, or that went through it. What was exchanged
 * from it ends with it, since it names it among its `parents`. Null where there is nothing to end: a
 * token that does not count is as good as revoked (section 2.2).
 *
 * @throws OAuthError `unauthorized_client` for a token of others, GatehouseError `store_unavailable`.
 */
export async function revoked(
  { db, mint, clock, notify }: RevocationParts,
  form: ReadonlyMap<string, string>,
  agent: string,
): Promise<AccessToken | null> {
  const token = await read(mint, needed(form, 'token'));
  if (token === null) return null;
  if (token.agent !== agent && token.subject !== agent && !token.hops.includes(agent)) {
    const message = 'the token is not of this agent, and did not go through it';
    throw new OAuthError('unauthorized_client', message);
  }
  const now = clock.now();
  // Of all that can have come from it, nothing lives longer.
  const expires = new Date(now + (longestSeconds + 2 * leewaySeconds) * 1000);
  const row = { id: token.id, revoked: new Date(now), expires };
  try {
    const insert = db.insertInto('revoked_token').values(row);
    await insert.onConflict((on) => on.column('id').doNothing()).execute();
  } catch (cause) {
    const message = 'the token cannot be revoked while the database is away; try again shortly';
    throw new GatehouseError('store_unavailable', message, { cause });
  }
  await notify({ kind: 'token', id: token.id });
  return token;
}

async function read(mint: Mint, text: string): Promise<AccessToken | null> {
  try {
    return await mint.verify(text);
  } catch (error) {
    if (error instanceof GatehouseError && error.code === 'unauthenticated') return null;
    throw error;
  }
}
