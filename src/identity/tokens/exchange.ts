import { GatehouseError } from '../../kernel/index.ts';
import { type AccessToken, deepestChain } from './access-token.ts';
import type { Asked } from './asked.ts';
import { type Draft, earlier, narrowed } from './draft.ts';
import { needed } from './form.ts';
import type { Mint } from './mint.ts';
import { OAuthError } from './oauth-error.ts';

export const tokenTypes = {
  accessToken: 'urn:ietf:params:oauth:token-type:access_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  idJag: 'urn:ietf:params:oauth:token-type:id-jag',
} as const;

/**
 * Token exchange (RFC 8693) of a token of our own: the agent that asks becomes its next actor.
 *
 * The chain is read from the subject token, which we signed, and grows by the authenticated client:
 * nothing in the request can name an actor. A token that is bound to another's key is accepted, since
 * an agent hands its token on to the next one and never its key; the next one proves itself by its
 * own, and the result is then bound to that.
 *
 * Whether the subject token still stands is left to the caller, who checks it with the result, whose
 * `parents` name it.
 *
 * @throws OAuthError `invalid_request` (section 2.2.2), `invalid_scope`, `invalid_dpop_proof`.
 */
export async function exchanged(mint: Mint, { form, client, thumbprint }: Asked): Promise<Draft> {
  checkForm(form);
  const { name } = client.agent;
  const subject = await read(mint, 'subject_token', needed(form, 'subject_token'));
  if (subject.thumbprint !== null && thumbprint === null) {
    const message = 'a bound token is exchanged for a bound one only; send a DPoP proof';
    throw new OAuthError('invalid_dpop_proof', message);
  }
  if (subject.mayAct !== null && subject.mayAct !== name) {
    throw refused('`subject_token` names another agent that may act (`may_act`)');
  }
  const actor = await actorOf(mint, form, name, thumbprint);
  const before = subject.hops.length === 0 ? [subject.agent] : subject.hops;
  const hops = [name, ...before];
  if (hops.length > deepestChain) {
    throw refused(`the chain would be longer than ${deepestChain} agents`);
  }
  return {
    subject: subject.subject,
    hops,
    scopes: narrowed(form.get('scope'), subject.scopes, client.scopes),
    limit: earlier(subject.expires, client.expires),
    since: subject.issued,
    parents: [...new Set([...subject.parents, subject.id, client.credential, ...actor])],
    mayAct: subject.mayAct,
  };
}

function checkForm(form: ReadonlyMap<string, string>): void {
  const type = needed(form, 'subject_token_type');
  if (type !== tokenTypes.accessToken && type !== tokenTypes.jwt) {
    throw refused(`\`subject_token_type\` is not \`${tokenTypes.accessToken}\``);
  }
  const wanted = form.get('requested_token_type');
  if (wanted !== undefined && wanted !== tokenTypes.accessToken) {
    throw refused(`\`requested_token_type\` is not \`${tokenTypes.accessToken}\``);
  }
}

// A client may say again who it is, in a token of its own; never that it is another.
async function actorOf(
  mint: Mint,
  form: ReadonlyMap<string, string>,
  name: string,
  thumbprint: string | null,
): Promise<readonly string[]> {
  const text = form.get('actor_token');
  const type = form.get('actor_token_type');
  if (text === undefined) {
    if (type === undefined) return [];
    throw refused('`actor_token_type` stands without `actor_token`');
  }
  if (type !== tokenTypes.accessToken && type !== tokenTypes.jwt) {
    throw refused(`\`actor_token_type\` is not \`${tokenTypes.accessToken}\``);
  }
  const actor = await read(mint, 'actor_token', text);
  if (actor.agent !== name) throw refused('`actor_token` is not of the client that asks');
  if (actor.thumbprint !== null && actor.thumbprint !== thumbprint) {
    throw refused('`actor_token` is bound to another key than the proof is of');
  }
  return [actor.id];
}

async function read(mint: Mint, parameter: string, text: string): Promise<AccessToken> {
  try {
    return await mint.verify(text);
  } catch (cause) {
    if (!(cause instanceof GatehouseError) || cause.kind !== 'user') throw cause;
    throw refused(`\`${parameter}\`: ${cause.message}`, cause);
  }
}

function refused(why: string, cause?: unknown): OAuthError {
  return new OAuthError('invalid_request', why, { cause });
}
