import { OAuthError } from './oauth-error.ts';
import { common, isCovered, mostScopes, type Scopes, scopesOf } from './scope.ts';

/** What a grant comes to: a token without its id and times. */
export interface Draft {
  readonly subject: string;
  /** As in AccessToken, with the agent that asks first; empty where it asks for itself. */
  readonly hops: readonly string[];
  readonly scopes: Scopes;
  /** Unix time in seconds that the token may not outlive; null: no such time. */
  readonly limit: number | null;
  /** Unix time in seconds when what it comes from was issued; null where it comes from no token. */
  readonly since: number | null;
  readonly parents: readonly string[];
  readonly mayAct: string | null;
}

/**
 * The scopes of a new token: those asked for, each of which every one of `held` must cover; or, where
 * none is asked for, what all of them hold.
 *
 * INVARIANT: the answer is covered by each of `held`, so that scopes only narrow.
 *
 * @throws OAuthError `invalid_scope`.
 */
export function narrowed(asked: string | undefined, ...held: readonly Scopes[]): Scopes {
  if (asked === undefined) {
    const all = held.reduce(common, null);
    if (all?.length === 0) {
      throw new OAuthError('invalid_scope', 'nothing is left that the token would be good for');
    }
    if (all === null || all.length <= mostScopes) return all;
    throw new OAuthError('invalid_scope', `ask for at most ${mostScopes} scopes`);
  }
  const scopes = scopesOf(asked);
  if (scopes === undefined || scopes.length === 0) {
    const forms = '`call_model`, `call_model:NAME`, `call_tool`, `call_tool:NAME`';
    throw new OAuthError('invalid_scope', `a scope is one of ${forms}`);
  }
  const wide = scopes.find((scope) => !held.every((one) => isCovered(scope, one)));
  if (wide === undefined) return scopes;
  throw new OAuthError('invalid_scope', `\`${wide}\` is more than is held; ask for less`);
}

/** The earlier of two times, of which each may be none. */
export function earlier(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}
