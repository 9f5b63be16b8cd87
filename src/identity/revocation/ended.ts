import { type Kysely, sql } from 'kysely';
import type { Principal } from '../../kernel/index.ts';
import type { Tables } from '../../store/index.ts';

/** A principal with a call under way. `since`: Unix time in milliseconds before it was let in. */
export interface Standing {
  readonly principal: Principal;
  readonly since: number;
}

/** Those who no longer stand, each with the reason. */
export type Recheck = (standing: readonly Standing[]) => Promise<ReadonlyMap<Principal, string>>;

interface Ended {
  readonly what: 'agent' | 'name' | 'owner' | 'credential' | 'proof';
  readonly of: string;
  readonly at: Date;
}

/** Asks the database about all of them at once, in one statement. */
export function openRecheck(db: Kysely<Tables>): Recheck {
  return async (standing) => {
    const agents = new Set<string>();
    const names = new Set<string>();
    const owners = new Set<string>();
    const credentials = new Set<string>();
    for (const { principal } of standing) {
      agents.add(principal.id);
      owners.add(principal.owner);
      credentials.add(principal.credential.id);
      for (const parent of principal.credential.parents ?? []) credentials.add(parent);
      for (const { kind, id } of principal.actors) (kind === 'agent' ? names : owners).add(id);
    }
    const found = await ended(db, [...agents], [...names], [...owners], [...credentials]);
    const known = new Map(found.map((one) => [`${one.what}:${one.of}`, one.at.getTime()]));
    const answer = new Map<Principal, string>();
    for (const one of standing) {
      const why = reason(one, known);
      if (why !== null) answer.set(one.principal, why);
    }
    return answer;
  };
}

async function ended(
  db: Kysely<Tables>,
  agents: string[],
  names: string[],
  owners: string[],
  credentials: string[],
): Promise<readonly Ended[]> {
  const found = await sql<Ended>`
    with a as (
      select a.id, a.name, coalesce(a.disabled, o.disabled) as disabled
      from agent a left join owner o on o.name = a.owner
      where a.id = any(${agents}::text[]) or a.name = any(${names}::text[])
    )
    select 'agent' as what, id as of, disabled as at from a where disabled is not null
    union all
    select 'name', name, disabled from a where disabled is not null
    union all
    select 'owner', name, disabled from owner
    where name = any(${owners}::text[]) and disabled is not null
    union all
    select 'credential', id, revoked from revoked_token where id = any(${credentials}::text[])
    union all
    select 'credential', id, revoked from agent_key
    where id = any(${credentials}::text[]) and revoked is not null
    union all
    select 'proof', agent, max(revoked) from (
      select agent, revoked from agent_public_key where agent = any(${agents}::text[])
      union all
      select agent, revoked from agent_identity where agent = any(${agents}::text[])
    ) as proofs where revoked is not null group by agent`.execute(db);
  return found.rows;
}

function reason({ principal, since }: Standing, ended: ReadonlyMap<string, number>): string | null {
  const { id, owner, credential, actors } = principal;
  if (ended.has(`agent:${id}`)) return 'its agent or the owner of it is disabled';
  if (ended.has(`owner:${owner}`)) return 'the owner of its agent is disabled';
  for (const one of [credential.id, ...(credential.parents ?? [])]) {
    if (ended.has(`credential:${one}`))
      return 'its credential, or what that was made from, is revoked';
  }
  for (const { kind, id: actor } of actors) {
    if (ended.has(`${kind === 'agent' ? 'name' : 'owner'}:${actor}`)) {
      return 'somebody in the chain that it acts for is disabled';
    }
  }
  // Other than the rest, these are not for good: the agent may have proved itself anew since.
  if ((ended.get(`proof:${id}`) ?? Number.NEGATIVE_INFINITY) < since) return null;
  return 'a key or an identity of its agent is revoked';
}
