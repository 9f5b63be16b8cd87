import type { Kysely, Selectable } from 'kysely';
import type { Tables } from '../store/index.ts';
import type { Agent, AgentKey } from './agent.ts';

/** A key with the agent that it stands for, as both are now. */
export interface KeyHolder {
  readonly key: AgentKey;
  readonly agent: Agent;
}

/** Agents and keys as they stand in the database. `hash` is SHA-256 in hexadecimal. */
export interface AgentRecords {
  /** False if the name is taken. */
  addAgent(agent: Agent): Promise<boolean>;
  addKey(key: AgentKey, hash: string): Promise<void>;
  /** Keeps the time of the first revocation. Null: unknown. */
  revokeKey(id: string, at: number): Promise<AgentKey | null>;
  disableAgent(id: string, at: number): Promise<Agent | null>;
  agents(): Promise<readonly Agent[]>;
  agentByName(name: string): Promise<Agent | null>;
  keysOf(agent: string): Promise<readonly AgentKey[]>;
  holderOf(hash: string): Promise<KeyHolder | null>;
}

type AgentRow = Selectable<Tables['agent']>;
type KeyRow = Selectable<Tables['agent_key']>;

const keyColumns = ['id', 'agent', 'created', 'expires', 'revoked'] as const;

export function openAgentRecords(db: Kysely<Tables>): AgentRecords {
  return {
    async addAgent(agent) {
      const row = { ...agent, created: new Date(agent.created), disabled: null };
      const added = await db
        .insertInto('agent')
        .values(row)
        .onConflict((on) => on.column('name').doNothing())
        .executeTakeFirst();
      return added.numInsertedOrUpdatedRows === 1n;
    },
    async addKey({ id, agent, created, expires }, hash) {
      const row = { id, agent, created: new Date(created), expires: new Date(expires) };
      const bytes = Buffer.from(hash, 'hex');
      await db
        .insertInto('agent_key')
        .values({ ...row, hash: bytes, revoked: null })
        .execute();
    },
    async revokeKey(id, at) {
      const row = await db
        .updateTable('agent_key')
        .set((eb) => ({ revoked: eb.fn.coalesce('revoked', eb.val(new Date(at))) }))
        .where('id', '=', id)
        .returning(keyColumns)
        .executeTakeFirst();
      return row === undefined ? null : keyOf(row);
    },
    async disableAgent(id, at) {
      const row = await db
        .updateTable('agent')
        .set((eb) => ({ disabled: eb.fn.coalesce('disabled', eb.val(new Date(at))) }))
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? null : agentOf(row);
    },
    async agents() {
      const rows = await db.selectFrom('agent').selectAll().orderBy('name').execute();
      return rows.map(agentOf);
    },
    async agentByName(name) {
      // PostgreSQL refuses NUL in a text; no agent has one.
      if (name.includes('\0')) return null;
      const found = db.selectFrom('agent').selectAll().where('name', '=', name);
      const row = await found.executeTakeFirst();
      return row === undefined ? null : agentOf(row);
    },
    async keysOf(agent) {
      const found = db.selectFrom('agent_key').select(keyColumns).where('agent', '=', agent);
      return (await found.orderBy('created').orderBy('id').execute()).map(keyOf);
    },
    holderOf: (hash) => holderOf(db, hash),
  };
}

async function holderOf(db: Kysely<Tables>, hash: string): Promise<KeyHolder | null> {
  const row = await db
    .selectFrom('agent_key as k')
    .innerJoin('agent as a', 'a.id', 'k.agent')
    .select([
      'k.id',
      'k.agent',
      'k.created',
      'k.expires',
      'k.revoked',
      'a.name',
      'a.owner',
      'a.purpose',
      'a.tenant',
      'a.risk',
      'a.created as agent_created',
      'a.disabled',
    ])
    .where('k.hash', '=', Buffer.from(hash, 'hex'))
    .executeTakeFirst();
  if (row === undefined) return null;
  const { id, agent, created, expires, revoked, agent_created, ...rest } = row;
  return {
    key: keyOf({ id, agent, created, expires, revoked }),
    agent: agentOf({ ...rest, id: agent, created: agent_created }),
  };
}

function agentOf(row: AgentRow): Agent {
  return { ...row, created: row.created.getTime(), disabled: row.disabled?.getTime() ?? null };
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
