import { type Kysely, type Selectable, sql } from 'kysely';
import type { Tables } from '../store/index.ts';
import type { Agent, AgentKey } from './agent.ts';

type AgentRow = Selectable<Tables['agent']>;
type KeyRow = Selectable<Tables['agent_key']>;

const keyColumns = ['id', 'agent', 'created', 'expires', 'revoked'] as const;

/** Agents and their static keys as they stand in one database or one transaction of it. */
export class AgentRecords {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** False if the name is taken. */
  async addAgent(agent: Agent): Promise<boolean> {
    const row = { ...agent, created: new Date(agent.created), disabled: null };
    const added = await this.#db
      .insertInto('agent')
      .values(row)
      .onConflict((on) => on.column('name').doNothing())
      .executeTakeFirst();
    return added.numInsertedOrUpdatedRows === 1n;
  }

  async setRisk(name: string, risk: number): Promise<Agent | null> {
    const set = this.#db.updateTable('agent').set({ risk }).where('name', '=', name);
    const row = await set.returningAll().executeTakeFirst();
    return row === undefined ? null : agentOf(row);
  }

  /** Keeps the time of the first disabling. Null: unknown. */
  async disableAgent(name: string, at: number): Promise<Agent | null> {
    const row = await this.#db
      .updateTable('agent')
      .set((eb) => ({ disabled: eb.fn.coalesce('disabled', eb.val(new Date(at))) }))
      .where('name', '=', name)
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? null : agentOf(row);
  }

  async agents(): Promise<readonly Agent[]> {
    const rows = await this.#db.selectFrom('agent').selectAll().orderBy('name').execute();
    return rows.map(agentOf);
  }

  async agentByName(name: string): Promise<Agent | null> {
    const found = this.#db.selectFrom('agent').selectAll().where('name', '=', name);
    const row = await found.executeTakeFirst();
    return row === undefined ? null : agentOf(row);
  }

  async addKey({ id, agent, created, expires }: AgentKey, hash: string): Promise<void> {
    const row = { id, agent, created: new Date(created), expires: new Date(expires) };
    const bytes = Buffer.from(hash, 'hex');
    await this.#db
      .insertInto('agent_key')
      .values({ ...row, hash: bytes, revoked: null })
      .execute();
  }

  /** Keeps the time of the first revocation. Null: unknown. */
  async revokeKey(id: string, at: number): Promise<AgentKey | null> {
    const row = await this.#db
      .updateTable('agent_key')
      .set((eb) => ({ revoked: eb.fn.coalesce('revoked', eb.val(new Date(at))) }))
      .where('id', '=', id)
      .returning(keyColumns)
      .executeTakeFirst();
    return row === undefined ? null : keyOf(row);
  }

  async keysOf(agent: string): Promise<readonly AgentKey[]> {
    const found = this.#db.selectFrom('agent_key').select(keyColumns).where('agent', '=', agent);
    return (await found.orderBy('created').orderBy('id').execute()).map(keyOf);
  }

  /** Nobody adds an agent of this owner or disables the owner before the transaction ends. */
  async lockOwner(owner: string): Promise<void> {
    await sql`select pg_advisory_xact_lock(hashtextextended(${owner}, 1869769326))`.execute(
      this.#db,
    );
  }

  async ownerDisabled(owner: string): Promise<boolean> {
    const found = this.#db.selectFrom('owner').select('disabled').where('name', '=', owner);
    return ((await found.executeTakeFirst())?.disabled ?? null) !== null;
  }
}

export function agentOf(row: AgentRow): Agent {
  const { id, name, owner, purpose, tenant, risk, created, disabled } = row;
  const times = { created: created.getTime(), disabled: disabled?.getTime() ?? null };
  return { id, name, owner, purpose, tenant, risk, ...times };
}

function keyOf({ id, agent, created, expires, revoked }: Omit<KeyRow, 'hash'>): AgentKey {
  return {
    id,
    agent,
    created: created.getTime(),
    expires: expires.getTime(),
    revoked: revoked?.getTime() ?? null,
  };
}
