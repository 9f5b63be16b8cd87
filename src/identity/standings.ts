import { type Kysely, sql } from 'kysely';
import type { Credential, Principal } from '../kernel/index.ts';
import type { Tables } from '../store/index.ts';
import { refusal } from './refusal.ts';
import { longestSeconds } from './tokens/lifetime.ts';
import type { VerifiedToken } from './verified-token.ts';

/** Who credentials stand for, as the register is now: the database is asked each time. */
export interface Standings {
  /** `print` is SHA-256 of the static key, hexadecimal. @throws GatehouseError `unauthenticated`. */
  ofKey(print: string): Promise<Principal>;
  /**
   * `own`: the token is of our own service, and so every agent in its chain must be registered.
   *
   * @throws GatehouseError `unauthenticated`.
   */
  ofToken(token: VerifiedToken, own: boolean): Promise<Principal>;
}

export function openStandings(db: Kysely<Tables>): Standings {
  return {
    ofKey: (print) => ofKey(db, print),
    ofToken: (token, own) => ofToken(db, token, own),
  };
}

/** An agent with what else decides whether it may act. */
interface AgentRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly tenant: string;
  readonly risk: number;
  readonly disabled: boolean;
  readonly owner_disabled: boolean;
}

const agentColumns = sql`a.id, a.name, a.owner, a.tenant, a.risk,
  a.disabled is not null as disabled, o.disabled is not null as owner_disabled`;

async function ofKey(db: Kysely<Tables>, print: string): Promise<Principal> {
  type Row = AgentRow & { key: string; expires: Date; revoked: Date | null };
  const found = await sql<Row>`
    select ${agentColumns}, k.id as key, k.expires, k.revoked
    from agent_key k join agent a on a.id = k.agent left join owner o on o.name = a.owner
    where k.hash = ${Buffer.from(print, 'hex')}`.execute(db);
  const [row] = found.rows;
  if (row === undefined) throw refusal('it is unknown; copy the key again or have one issued');
  if (row.revoked !== null) throw refusal('it is revoked; have a new key issued');
  checkAgent(row);
  const { key: id, expires } = row;
  return principalOf(row, { kind: 'static-key', id, expires: expires.getTime() }, []);
}

type TokenRow = AgentRow & {
  readonly revoked: boolean;
  readonly person_disabled: boolean;
  readonly identity_revoked: Date | null;
};

async function ofToken(db: Kysely<Tables>, token: VerifiedToken, own: boolean): Promise<Principal> {
  const actors = token.actors.filter(({ kind }) => kind === 'agent').map(({ id }) => id);
  const persons = token.actors.filter(({ kind }) => kind === 'person').map(({ id }) => id);
  const ids = [token.id, ...token.parents];
  if (token.thumbprint !== null) ids.push(token.thumbprint);
  const found = await sql<TokenRow>`
    select ${agentColumns},
      exists (select from revoked_token where id = any(${ids}::text[]))
      or exists (select from agent_public_key where id = any(${ids}::text[]) and revoked is not null)
      or exists (select from agent_key where id = any(${ids}::text[]) and revoked is not null)
      as revoked,
      exists (select from owner where name = any(${persons}::text[]) and disabled is not null)
      as person_disabled,
      (select max(i.revoked) from agent_identity i where i.agent = a.id) as identity_revoked
    from agent a left join owner o on o.name = a.owner
    where a.name = any(${[token.agent, ...actors]}::text[])`.execute(db);
  const agents = new Map(found.rows.map((row) => [row.name, row]));
  const row = agents.get(token.agent);
  if (row === undefined) throw refusal('it stands for an agent that is not registered here');
  checkAgent(row);
  if (row.revoked) {
    throw refusal('it, or a credential that it was made from, is revoked; get a fresh one');
  }
  if (row.person_disabled) throw refusal('the person that it acts for is disabled');
  // Which identity a token was got with, it does not say.
  const { expires, issued = expires - longestSeconds * 1000 } = token;
  for (const name of own ? [token.agent, ...actors] : []) {
    const revoked = agents.get(name)?.identity_revoked ?? null;
    if (revoked === null || issued > revoked.getTime()) continue;
    throw refusal(
      `an identity of agent \`${name}\` was revoked since it was issued; get a fresh one`,
    );
  }
  for (const actor of actors) checkActor(actor, agents.get(actor), own);
  return principalOf(row, credentialOf(token), token.actors);
}

function checkAgent({ name, disabled, owner_disabled }: AgentRow): void {
  if (disabled) throw refusal(`agent \`${name}\` is disabled; ask whoever is answerable for it`);
  if (owner_disabled) throw refusal(`the owner of agent \`${name}\` is disabled`);
}

function checkActor(name: string, row: AgentRow | undefined, own: boolean): void {
  // Elsewhere a chain may have gone through agents that nobody registered here.
  if (row === undefined && !own) return;
  if (row === undefined) throw refusal('an agent in its chain is not registered here');
  if (!row.disabled && !row.owner_disabled) return;
  throw refusal(`agent \`${name}\` in its chain is disabled, or its owner is`);
}

function credentialOf({ kind, id, expires, bound, scopes, parents }: VerifiedToken): Credential {
  return {
    kind,
    id,
    expires,
    ...(bound ? { bound } : {}),
    ...(scopes === null ? {} : { scopes: Object.freeze([...scopes]) }),
    ...(parents.length === 0 ? {} : { parents: Object.freeze([...parents]) }),
  };
}

function principalOf(
  { id, name, owner, tenant, risk }: AgentRow,
  credential: Credential,
  actors: Principal['actors'],
): Principal {
  Object.freeze(credential);
  return Object.freeze({ kind: 'agent', id, name, owner, tenant, risk, credential, actors });
}
