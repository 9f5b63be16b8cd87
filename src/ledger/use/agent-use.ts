import type pg from 'pg';
import { entriesFrom } from '../read/log-range.ts';
import { countUse, type DayUse } from './used.ts';

/** What an agent did with one resource. Times are Unix time in milliseconds. */
export interface Use {
  readonly action: 'call_model' | 'call_tool';
  readonly resource: string;
  /** Calls that passed: ever, and since the time asked for. */
  readonly calls: number;
  readonly recent: number;
  /** Calls that did not pass, since the time asked for. */
  readonly refused: number;
  /** The first and the last call that passed; null if none did. */
  readonly first: number | null;
  readonly last: number | null;
}

/** What agents did, out of the record. */
export interface AgentUse {
  /**
   * By agent id, with what was written up to now. `since` (Unix milliseconds) counts by whole days
   * (UTC). The first question to a long log takes as long as reading it; later ones go on from there.
   */
  of(agent: string, since: number): Promise<readonly Use[]>;
}

const batch = 1_000;

/** Keeps the table `agent_use` up to date with the log when it is asked, and at no other time. */
export function openAgentUse(pool: pg.Pool): AgentUse {
  let counting: Promise<void> | null = null;
  // One at a time in this process, and by the cursor's lock one at a time in all of them.
  const counted = () => {
    counting ??= catchUp(pool).finally(() => {
      counting = null;
    });
    return counting;
  };
  return {
    async of(agent, since) {
      // What is being counted may have begun before the last call was written.
      await counting;
      await counted();
      const day = new Date(since).toISOString().slice(0, 10);
      const { rows } = await pool.query<Row>({
        name: 'agent-use',
        text: select,
        values: [agent, day],
      });
      return rows.map(({ first, last, ...row }) => {
        return { ...row, first: first?.getTime() ?? null, last: last?.getTime() ?? null };
      });
    },
  };
}

type Row = Omit<Use, 'first' | 'last'> & {
  readonly first: Date | null;
  readonly last: Date | null;
};

const select = `
  select action, resource, sum(calls)::bigint as calls,
         coalesce(sum(calls) filter (where day >= $2::date), 0)::bigint as recent,
         coalesce(sum(refused) filter (where day >= $2::date), 0)::bigint as refused,
         min(first) as first, max(last) as last
    from agent_use where agent = $1 group by action, resource order by action, resource`;

async function catchUp(pool: pg.Pool): Promise<void> {
  while ((await countBatch(pool)) === batch);
}

/**
 * INVARIANT: what is counted and how far it is counted change in one transaction, which holds the
 * cursor's row, so that no entry is counted twice or left out, whoever else asks.
 */
async function countBatch(pool: pg.Pool): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const { rows } = await client.query<{ next: number }>(
      'select next from agent_use_cursor where id = 1 for update',
    );
    const next = rows[0]?.next ?? 0;
    const entries = await entriesFrom(client, next, batch);
    if (entries.length > 0) await add(client, countUse(entries), next + entries.length);
    await client.query('commit');
    client.release();
    return entries.length;
  } catch (error) {
    // A connection in an unknown state is closed, and with it the transaction.
    client.release(true);
    throw error;
  }
}

async function add(client: pg.PoolClient, uses: readonly DayUse[], next: number): Promise<void> {
  await client.query({
    name: 'agent-use-add',
    text: `
      insert into agent_use (agent, action, resource, day, calls, refused, first, last)
      select * from unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::bigint[],
                           $6::bigint[], $7::timestamptz[], $8::timestamptz[])
      on conflict (agent, action, resource, day) do update set
        calls = agent_use.calls + excluded.calls,
        refused = agent_use.refused + excluded.refused,
        first = least(agent_use.first, excluded.first),
        last = greatest(agent_use.last, excluded.last)`,
    values: (
      ['agent', 'action', 'resource', 'day', 'calls', 'refused', 'first', 'last'] as const
    ).map((column) => uses.map((use) => use[column])),
  });
  await client.query('update agent_use_cursor set next = $1 where id = 1', [next]);
}
