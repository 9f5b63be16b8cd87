import type { JWTPayload } from 'jose';
import type { Actor } from '../../kernel/index.ts';
import type { VerifiedToken } from '../verified-token.ts';
import { type Scopes, scopesOf } from './scope.ts';

/** An at+jwt (RFC 9068) of our own, as we think of it. Times are Unix time in seconds. */
export interface AccessToken {
  readonly id: string;
  /** For whom it is: an agent's name, or a person. */
  readonly subject: string;
  /** The registered name of the agent that may use it. */
  readonly agent: string;
  /**
   * The agents it went through, the nearest first, `agent` included; empty where the agent asked for
   * itself. The last is the subject itself unless that is a person.
   */
  readonly hops: readonly string[];
  readonly scopes: Scopes;
  readonly issued: number;
  readonly expires: number;
  /** RFC 7638 thumbprint of the key that it is bound to; null for a bearer token. */
  readonly thumbprint: string | null;
  /** Ids of the credentials that it rests on. When one of them ends, it ends. */
  readonly parents: readonly string[];
  /** Who alone may be its next actor (RFC 8693, section 4.4); null: any agent. */
  readonly mayAct: string | null;
}

/** The longest chain of delegation. */
export const deepestChain = 8;

interface Act {
  readonly sub: string;
  readonly act?: Act;
}

/** The claims of a token; `iss` and `aud` are the service's. */
export function claimsOf(token: AccessToken, iss: string, aud: string): JWTPayload {
  const { hops, scopes, thumbprint, parents, mayAct } = token;
  const act = hops.reduceRight<Act | undefined>(
    (inner, sub) => (inner === undefined ? { sub } : { sub, act: inner }),
    undefined,
  );
  return {
    iss,
    aud,
    sub: token.subject,
    client_id: token.agent,
    jti: token.id,
    iat: token.issued,
    exp: token.expires,
    ...(scopes === null ? {} : { scope: scopes.join(' ') }),
    ...(thumbprint === null ? {} : { cnf: { jkt: thumbprint } }),
    ...(act === undefined ? {} : { act }),
    ...(parents.length === 0 ? {} : { parents }),
    ...(mayAct === null ? {} : { may_act: { sub: mayAct } }),
  };
}

/** The token of claims whose signature was verified; null where they are none that we write. */
export function tokenOf(claims: JWTPayload): AccessToken | null {
  const { sub, jti, iat, exp, act, cnf, scope, parents = [], may_act: may } = claims;
  const agent = claims['client_id'];
  if (typeof sub !== 'string' || typeof agent !== 'string' || typeof jti !== 'string') return null;
  if (typeof iat !== 'number' || typeof exp !== 'number') return null;
  const hops = hopsOf(act);
  if (hops === null || (hops[0] ?? sub) !== agent) return null;
  const thumbprint = member(cnf, 'jkt');
  const mayAct = member(may, 'sub');
  const scopes =
    scope === undefined ? null : typeof scope === 'string' ? scopesOf(scope) : undefined;
  // INVARIANT: a limit that is there and cannot be read is never taken for none.
  if (thumbprint === undefined || mayAct === undefined || scopes === undefined) return null;
  if (!Array.isArray(parents) || !parents.every((one) => typeof one === 'string')) return null;
  const id = jti;
  const times = { issued: iat, expires: exp };
  return { id, subject: sub, agent, hops, scopes, ...times, thumbprint, parents, mayAct };
}

/** The chain behind the agent, the nearest first: agents by name, last the person, if it is one. */
export function actorsOf({ subject, agent, hops }: AccessToken): readonly Actor[] {
  const actors: Actor[] = hops.slice(1).map((id) => ({ kind: 'agent', id }));
  if (isPerson({ subject, agent, hops })) actors.push({ kind: 'person', id: subject });
  return Object.freeze(actors);
}

/** True if the one for whom all act is a person. */
export function isPerson({
  subject,
  agent,
  hops,
}: Pick<AccessToken, 'subject' | 'agent' | 'hops'>) {
  return subject !== (hops.at(-1) ?? agent);
}

export function verifiedOf(token: AccessToken): VerifiedToken {
  const { agent, id, scopes, thumbprint, parents } = token;
  const times = { expires: token.expires * 1000, issued: token.issued * 1000 };
  const bound = thumbprint !== null;
  const actors = actorsOf(token);
  return { kind: 'at+jwt', agent, id, ...times, actors, scopes, thumbprint, bound, parents };
}

function hopsOf(act: unknown): readonly string[] | null {
  const hops: string[] = [];
  for (let hop = act; hop !== undefined; hop = (hop as { act?: unknown }).act) {
    const sub = member(hop, 'sub');
    if (typeof sub !== 'string' || hops.length === deepestChain) return null;
    hops.push(sub);
  }
  return hops;
}

/** A text inside an object; null where there is no object, undefined where it is something else. */
function member(value: unknown, name: string): string | null | undefined {
  if (value === undefined) return null;
  if (typeof value !== 'object' || value === null) return undefined;
  const found = (value as Record<string, unknown>)[name];
  return typeof found === 'string' && found !== '' ? found : undefined;
}
