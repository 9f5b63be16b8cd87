import { GatehouseError } from '../../kernel/index.ts';
import type { AccessToken } from './access-token.ts';
import { needed } from './form.ts';
import type { Mint } from './mint.ts';
import { OAuthError } from './oauth-error.ts';

/** Ends a token in the database and in every process. `expires` is Unix time in milliseconds. */
export type Revoke = (id: string, expires: number) => Promise<void>;

interface RevocationParts {
  readonly mint: Mint;
  readonly revoke: Revoke;
}

/**
 * Revokes a token (RFC 7009) that the agent asked for, or that went through it. What was exchanged
 * from it ends with it, since it names it among its `parents`. Null where there is nothing to end: a
 * token that does not count is as good as revoked (section 2.2).
 *
 * @throws OAuthError `unauthorized_client` for a token of others, and what `revoke` throws.
 */
export async function revoked(
  { mint, revoke }: RevocationParts,
  form: ReadonlyMap<string, string>,
  agent: string,
): Promise<AccessToken | null> {
  const token = await read(mint, needed(form, 'token'));
  if (token === null) return null;
  if (token.agent !== agent && token.subject !== agent && !token.hops.includes(agent)) {
    const message = 'the token is not of this agent, and did not go through it';
    throw new OAuthError('unauthorized_client', message);
  }
  await revoke(token.id, token.expires * 1000);
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
