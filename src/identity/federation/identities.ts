import { type Kysely, type Selectable, sql } from 'kysely';
import { type Clock, GatehouseError } from '../../kernel/index.ts';
import type { AgentIdentityTable, Tables } from '../../store/index.ts';
import type { AgentIdentity } from '../agent.ts';
import { checkedIdentity, type NewIdentity } from './new-identity.ts';
import { shown } from './refusal.ts';

/** The register of outside identities. `agent` is the name of an agent. */
export interface Identities {
  /**
   * @throws GatehouseError `bad_request`, `not_found` for the agent, `conflict` when the agent is
   *   disabled or the same identity stands for an agent already.
   */
  add(agent: string, identity: NewIdentity): Promise<AgentIdentity>;
  /** Keeps the time of the first revocation. @throws GatehouseError `not_found` */
  revoke(id: string): Promise<AgentIdentity>;
  /** All of one agent, those that were revoked too, the oldest first. @throws `not_found` */
  list(agent: string): Promise<readonly AgentIdentity[]>;
}

interface IdentitiesParts {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  readonly random: (size: number) => Uint8Array;
}

export function openIdentities({ db, clock, random }: IdentitiesParts): Identities {
  return {
    async add(agent, identity) {
      const { kind, issuer, subject, claims } = checkedIdentity(identity);
      const { id: owner, disabled } = await knownAgent(db, agent);
      if (disabled !== null) {
        throw new GatehouseError('conflict', `agent \`${agent}\` is disabled; it gets no identity`);
      }
      const id = `idn_${Buffer.from(random(10)).toString('hex')}`;
      const row = { id, agent: owner, kind, issuer, subject, created: new Date(clock.now()) };
      const text = JSON.stringify(claims);
      return db.transaction().execute(async (trx) => {
        // Two who add the same at once must see each other, whichever agents they add it to.
        await sql`lock table agent_identity in share row exclusive mode`.execute(trx);
        await refuseTwice(trx, { kind, issuer, subject, claims: text });
        const added = await trx
          .insertInto('agent_identity')
          .values({ ...row, claims: text, revoked: null })
          .returningAll()
          .executeTakeFirstOrThrow();
        return identityOf(added);
      });
    },
    async revoke(id) {
      const row = await db
        .updateTable('agent_identity')
        .set((eb) => ({ revoked: eb.fn.coalesce('revoked', eb.val(new Date(clock.now()))) }))
        .where('id', '=', id.replaceAll('\0', '?'))
        .returningAll()
        .executeTakeFirst();
      if (row !== undefined) return identityOf(row);
      const message = `identity \`${shown(id)}\` is unknown; list those of the agent`;
      throw new GatehouseError('not_found', message);
    },
    async list(agent) {
      const { id } = await knownAgent(db, agent);
      const found = db.selectFrom('agent_identity').selectAll().where('agent', '=', id);
      return (await found.orderBy('created').orderBy('id').execute()).map(identityOf);
    },
  };
}

async function knownAgent(db: Kysely<Tables>, name: string) {
  // PostgreSQL refuses NUL in a text; no agent has one.
  const agent = await db
    .selectFrom('agent')
    .select(['id', 'disabled'])
    .where('name', '=', name.replaceAll('\0', '?'))
    .executeTakeFirst();
  if (agent !== undefined) return agent;
  const message = `agent \`${shown(name)}\` is not registered; list them with gatehouse agent list`;
  throw new GatehouseError('not_found', message);
}

async function refuseTwice(
  db: Kysely<Tables>,
  {
    kind,
    issuer,
    subject,
    claims,
  }: Pick<AgentIdentityTable, 'kind' | 'issuer' | 'subject'> & { claims: string },
): Promise<void> {
  const same = await db
    .selectFrom('agent_identity as i')
    .innerJoin('agent as a', 'a.id', 'i.agent')
    .select('a.name')
    .where('i.kind', '=', kind)
    .where('i.issuer', '=', issuer)
    .where('i.subject', 'is not distinct from', subject)
    .where('i.claims', '=', claims)
    .where('i.revoked', 'is', null)
    .executeTakeFirst();
  if (same === undefined) return;
  const message = `this identity stands for agent \`${same.name}\` already; revoke that first`;
  throw new GatehouseError('conflict', message);
}

function identityOf(row: Selectable<AgentIdentityTable>): AgentIdentity {
  return {
    ...row,
    claims: row.claims as Readonly<Record<string, string>>,
    created: row.created.getTime(),
    revoked: row.revoked?.getTime() ?? null,
  };
}
