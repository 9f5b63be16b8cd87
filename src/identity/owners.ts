import { sql } from 'kysely';
import { GatehouseError } from '../kernel/index.ts';
import { shown } from './agent-fields.ts';
import { AgentRecords } from './agent-records.ts';
import type { RegisterParts } from './register.ts';
import type { Ending } from './revocation/ending.ts';

/** A person answerable for agents. `disabled` is Unix time in milliseconds. */
export interface Owner {
  readonly name: string;
  /** How many agents are registered under the name. */
  readonly agents: number;
  readonly disabled: number | null;
}

/** The people answerable for agents. */
export interface Owners {
  /**
   * Stops every agent of the owner, here at once and elsewhere within a second; none can be
   * registered under the name any more. @throws GatehouseError `not_found` for one without agents.
   */
  disableOwner(name: string): Promise<Owner>;
  owners(): Promise<readonly Owner[]>;
}

export function openOwners({ db, clock, stop }: RegisterParts): Owners {
  return {
    disableOwner(name) {
      return stop(async (transaction) => {
        if (name.includes('\0')) throw unknown(name);
        await new AgentRecords(transaction).lockOwner(name);
        const agents = await transaction
          .selectFrom('agent')
          .select(['id', 'name'])
          .where('owner', '=', name)
          .execute();
        if (agents.length === 0) throw unknown(name);
        const row = await transaction
          .insertInto('owner')
          .values({ name, disabled: new Date(clock.now()) })
          .onConflict((on) =>
            on.column('name').doUpdateSet({
              disabled: sql`coalesce(owner.disabled, excluded.disabled)`,
            }),
          )
          .returningAll()
          .executeTakeFirstOrThrow();
        const disabled = row.disabled?.getTime() ?? null;
        // Of each agent too, for the calls in whose chain it is: a principal does not say who owns
        // those that it acts for.
        const endings: Ending[] = agents.map((agent) => ({ what: 'agent', ...agent }));
        return {
          result: { name, agents: agents.length, disabled },
          endings: [{ what: 'owner', name }, ...endings],
        };
      });
    },
    async owners() {
      const rows = await db
        .selectFrom('agent')
        .leftJoin('owner', 'owner.name', 'agent.owner')
        .select(['agent.owner as name', 'owner.disabled'])
        .select(({ fn }) => fn.countAll<number>().as('agents'))
        .groupBy(['agent.owner', 'owner.disabled'])
        .orderBy('agent.owner')
        .execute();
      return rows.map(({ name, agents, disabled }) => ({
        name,
        agents,
        disabled: disabled?.getTime() ?? null,
      }));
    },
  };
}

function unknown(name: string): GatehouseError {
  const message = `no agent is registered under owner \`${shown(name)}\`; see gatehouse agent list`;
  return new GatehouseError('not_found', message);
}
