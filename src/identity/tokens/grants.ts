import type { Clock } from '../../kernel/index.ts';
import type { AccessToken } from './access-token.ts';
import type { Asked } from './asked.ts';
import { type Draft, narrowed } from './draft.ts';
import { exchanged } from './exchange.ts';
import { needed } from './form.ts';
import { assertedGrant, type VerifyIdJag } from './id-jag.ts';
import { longestSeconds } from './lifetime.ts';
import type { Mint } from './mint.ts';
import { OAuthError, type OAuthErrorName } from './oauth-error.ts';
import type { Standing } from './standing.ts';
import type { UsedOnce } from './used-once.ts';

export interface GrantParts {
  readonly issuer: string;
  readonly audience: string;
  readonly mint: Mint;
  readonly standing: Standing;
  readonly once: UsedOnce;
  readonly clock: Clock;
  readonly random: (size: number) => Uint8Array;
  readonly verifyIdJag: VerifyIdJag | null;
}

export const grantTypes = {
  clientCredentials: 'client_credentials',
  tokenExchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
  jwtBearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
} as const;

/**
 * The token that a request may have: not signed yet, at most 300 s long, bound to the key that the
 * client proved. Everything that it rests on stands now.
 *
 * @throws OAuthError of RFC 6749 (5.2) and RFC 8693 (2.2.2), GatehouseError `store_unavailable`.
 */
export async function granted(parts: GrantParts, asked: Asked): Promise<AccessToken> {
  const grant = needed(asked.form, 'grant_type');
  checkTarget(parts, asked.form);
  const draft = await draftOf(parts, grant, asked);
  const issued = Math.floor(parts.clock.now() / 1000);
  const expires = Math.min(issued + longestSeconds, draft.limit ?? Number.POSITIVE_INFINITY);
  const { subject, hops, scopes, parents, mayAct } = draft;
  const id = `tok_${Buffer.from(parts.random(16)).toString('hex')}`;
  const agent = asked.client.agent.name;
  const { thumbprint } = asked;
  const rest = { scopes, issued, expires, thumbprint, parents, mayAct };
  const token = { id, subject, agent, hops, ...rest };
  if (expires <= issued) throw ended(grant, 'has expired');
  if (await parts.standing.holds(token, draft.since ?? parts.clock.now() / 1000)) return token;
  throw ended(grant, 'was revoked, or an agent in its chain or an owner was');
}

async function draftOf(parts: GrantParts, grant: string, asked: Asked): Promise<Draft> {
  const { mint, verifyIdJag } = parts;
  const { form, client } = asked;
  switch (grant) {
    case grantTypes.clientCredentials:
      return {
        subject: client.agent.name,
        hops: [],
        scopes: narrowed(form.get('scope'), client.scopes),
        limit: client.expires,
        since: null,
        parents: [client.credential],
        mayAct: null,
      };
    case grantTypes.tokenExchange:
      return exchanged(mint, asked);
    case grantTypes.jwtBearer: {
      if (verifyIdJag === null) break;
      const assertion = needed(form, 'assertion');
      return assertedGrant({ ...parts, verify: verifyIdJag }, assertion, asked);
    }
  }
  const known = Object.values(grantTypes).join('`, `');
  throw new OAuthError('unsupported_grant_type', `\`grant_type\` is none of \`${known}\``);
}

/** RFC 8693 (2.1) and RFC 8707: tokens are for this product and for nothing else. */
function checkTarget({ issuer, audience }: GrantParts, form: ReadonlyMap<string, string>): void {
  for (const name of ['audience', 'resource']) {
    const wanted = form.get(name);
    if (wanted === undefined || wanted === audience || wanted === issuer) continue;
    throw new OAuthError('invalid_target', `\`${name}\` is not \`${audience}\``);
  }
}

function ended(grant: string, how: string): OAuthError {
  const [error, what] = {
    [grantTypes.tokenExchange]: ['invalid_request', '`subject_token`'] as const,
    [grantTypes.jwtBearer]: ['invalid_grant', '`assertion`'] as const,
  }[grant] ?? ['invalid_client' satisfies OAuthErrorName, 'the credential of the client'];
  return new OAuthError(error, `${what} ${how}`);
}
