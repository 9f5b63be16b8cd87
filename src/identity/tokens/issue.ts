import type { JsonObject, Principal } from '../../kernel/index.ts';
import { type AccessToken, actorsOf } from './access-token.ts';
import { type Answer, answered, failed } from './answer.ts';
import type { Client } from './clients.ts';
import { tokenTypes } from './exchange.ts';
import { grantTypes } from './grants.ts';
import type { Mint } from './mint.ts';
import { OAuthError } from './oauth-error.ts';

/**
 * A token that a client may have once it is permitted: not signed, so that there is nothing to leak
 * before that.
 */
export interface Pending {
  /** The client as the token would show it. */
  readonly principal: Principal;
  /** For the record: never a token, an assertion or a proof. */
  readonly facts: JsonObject;
  /** Signs the token and answers with it. Only on a permit. Never rejects. */
  release(): Promise<Answer>;
  /** The answer where there is no permit. `why` is told to the client. */
  refuse(why: string): Answer;
}

/** What a request came to: an answer, or a token that waits for its permit. */
export type Prepared =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'pending'; readonly pending: Pending };

export function pendingOf(
  token: AccessToken,
  client: Client,
  grant: string,
  { mint, now }: { readonly mint: Mint; readonly now: () => number },
): Pending {
  const facts = factsOf(token, client, grant);
  return {
    principal: principalOf(token, client),
    facts,
    async release() {
      try {
        const left = token.expires - Math.floor(now() / 1000);
        if (left <= 0) throw new OAuthError('invalid_grant', 'the permit came too late; ask again');
        const access_token = await mint.sign(token);
        const token_type = token.thumbprint === null ? 'Bearer' : 'DPoP';
        const scope = token.scopes === null ? {} : { scope: token.scopes.join(' ') };
        const exchange = grant === grantTypes.tokenExchange;
        const type = exchange ? { issued_token_type: tokenTypes.accessToken } : {};
        return answered({ access_token, token_type, expires_in: left, ...scope, ...type }, facts);
      } catch (error) {
        return failed(error, facts);
      }
    },
    refuse: (why) => failed(new OAuthError('unauthorized_client', why), facts),
  };
}

function principalOf(token: AccessToken, { agent }: Client): Principal {
  const { id, thumbprint, scopes, parents, expires } = token;
  const credential: Principal['credential'] = Object.freeze({
    kind: 'at+jwt',
    id,
    expires: expires * 1000,
    bound: thumbprint !== null,
    ...(scopes === null ? {} : { scopes }),
    parents,
  });
  return Object.freeze({ kind: 'agent', ...agent, credential, actors: actorsOf(token) });
}

function factsOf(token: AccessToken, client: Client, grant: string): JsonObject {
  return {
    grant,
    jti: token.id,
    agent: token.agent,
    subject: token.subject,
    actors: actorsOf(token).map(({ kind, id }) => ({ kind, id })),
    scopes: token.scopes,
    bound: token.thumbprint !== null,
    expires: new Date(token.expires * 1000).toISOString(),
    client: { by: client.by, credential: client.credential },
    parents: token.parents,
  };
}
