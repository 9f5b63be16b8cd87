import type { JWK } from 'jose';
import { type Kysely, sql } from 'kysely';
import { GatehouseError } from '../../kernel/index.ts';
import type { Tables } from '../../store/index.ts';
import { type AccessToken, isPerson } from './access-token.ts';

/** An agent that may ask for tokens: registered, and neither it nor its owner is disabled. */
export interface LiveAgent {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly tenant: string;
  readonly risk: number;
}

/** A public key of an agent that was not revoked. */
export interface LiveKey {
  readonly id: string;
  readonly jwk: JWK;
}

/** What the register says now. All reject with `store_unavailable` while it cannot be asked. */
export interface Standing {
  agent(name: string): Promise<LiveAgent | null>;
  keysOf(agent: string): Promise<readonly LiveKey[]>;
  /** True if the name is that of an agent, disabled or not. */
  isAgent(name: string): Promise<boolean>;
  /**
   * True if all that the token rests on still stands: every agent of its chain, their owners, the
   * person that it is for; and none of its ids or keys is revoked. `since` (Unix time in seconds) is
   * when the chain began: no identity of an agent in it was revoked since, for which one it was
   * issued it does not say.
   */
  holds(token: AccessToken, since: number): Promise<boolean>;
}

export function openStanding(db: Kysely<Tables>): Standing {
  return {
    agent: (name) => asked(() => liveAgent(db, name)),
    keysOf: (agent) =>
      asked(async () => {
        const found = db.selectFrom('agent_public_key').select(['id', 'jwk']);
        const rows = await found.where('agent', '=', agent).where('revoked', 'is', null).execute();
        return rows as LiveKey[];
      }),
    isAgent: (name) =>
      asked(async () => {
        const found = db.selectFrom('agent').select('id').where('name', '=', name);
        return (await found.executeTakeFirst()) !== undefined;
      }),
    holds: (token, since) => asked(() => holds(db, token, since)),
  };
}

async function liveAgent(db: Kysely<Tables>, name: string): Promise<LiveAgent | null> {
  const row = await db
    .selectFrom('agent as a')
    .leftJoin('owner as o', 'o.name', 'a.owner')
    .select(['a.id', 'a.name', 'a.owner', 'a.tenant', 'a.risk'])
    .where('a.name', '=', name)
    .where('a.disabled', 'is', null)
    .where('o.disabled', 'is', null)
    .executeTakeFirst();
  return row ?? null;
}

async function holds(db: Kysely<Tables>, token: AccessToken, since: number): Promise<boolean> {
  const agents = [...new Set([token.agent, ...token.hops])];
  const ids = [token.id, ...token.parents, token.thumbprint ?? token.id];
  const person = isPerson(token) ? token.subject : null;
  const answer = await sql<{ live: number; ended: boolean }>`
    select
      (select count(*)::int from agent a left join owner o on o.name = a.owner
       where a.name = any(${agents}::text[]) and a.disabled is null and o.disabled is null) as live,
      exists (select from revoked_token where id = any(${ids}::text[])) or
      exists (select from agent_public_key
              where id = any(${ids}::text[]) and revoked is not null) or
      exists (select from agent_identity i join agent a on a.id = i.agent
              where a.name = any(${agents}::text[]) and i.revoked >= ${new Date(since * 1000)}) or
      exists (select from owner where name = ${person}::text and disabled is not null) as ended
  `.execute(db);
  const [row] = answer.rows;
  return row !== undefined && !row.ended && row.live === agents.length;
}

async function asked<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query();
  } catch (cause) {
    const message = 'the register cannot be asked while the database is away; try again shortly';
    throw new GatehouseError('store_unavailable', message, { cause });
  }
}
