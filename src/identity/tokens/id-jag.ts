import { GatehouseError } from '../../kernel/index.ts';
import { isRecordable } from '../delegation.ts';
import type { IdJag } from '../federation/id-jag.ts';
import type { Asked } from './asked.ts';
import { type Draft, earlier, narrowed } from './draft.ts';
import { leewaySeconds } from './lifetime.ts';
import { OAuthError } from './oauth-error.ts';
import { isScope } from './scope.ts';
import type { Standing } from './standing.ts';
import type { UsedOnce } from './used-once.ts';

/** Rejects with `unauthenticated` and the reason. Its one-time use is not its concern. */
export type VerifyIdJag = (assertion: string) => Promise<IdJag>;

interface IdJagParts {
  readonly verify: VerifyIdJag;
  readonly standing: Standing;
  readonly once: UsedOnce;
}

/**
 * What an assertion of a person comes to: a token for that person, used by the agent that the
 * assertion was given to. Each assertion counts once.
 *
 * @throws OAuthError `invalid_grant`, `invalid_scope`.
 */
export async function assertedGrant(
  { verify, standing, once }: IdJagParts,
  assertion: string,
  { form, client, thumbprint: proved }: Asked,
): Promise<Draft> {
  const { thumbprint, ...told } = await read(verify, assertion);
  const { issuer, subject, clientId, scopes, id, expires } = told;
  const { name } = client.agent;
  if (clientId !== name) throw refused('the assertion was given to another client');
  if (thumbprint !== null && thumbprint !== proved) {
    throw refused('the assertion is bound to a key; send a DPoP proof of that key');
  }
  if (!isRecordable(subject) || !isRecordable(id)) {
    throw refused('the `sub` and `jti` of the assertion are no texts of 1 to 200 characters');
  }
  // INVARIANT: a person is never taken for an agent, which its chain would otherwise say.
  if (subject === name || (await standing.isAgent(subject))) {
    throw refused('the `sub` of the assertion is the name of an agent, not a person');
  }
  // What has another form is a scope of something else, and good for nothing here.
  const held = scopes === null ? null : scopes.filter(isScope);
  const draft = {
    subject,
    hops: [name],
    scopes: narrowed(form.get('scope'), held, client.scopes),
    limit: earlier(Math.floor(expires / 1000), client.expires),
    since: null,
    parents: [...new Set([id, client.credential])],
    mayAct: null,
  };
  if (await once.use(['id-jag', issuer, id], expires + leewaySeconds * 1000)) return draft;
  throw refused('the assertion was used before; get a new one');
}

async function read(verify: VerifyIdJag, assertion: string): Promise<IdJag> {
  try {
    return await verify(assertion);
  } catch (cause) {
    if (!(cause instanceof GatehouseError) || cause.kind !== 'user') throw cause;
    throw refused(cause.message, cause);
  }
}

function refused(why: string, cause?: unknown): OAuthError {
  return new OAuthError('invalid_grant', why, { cause });
}
