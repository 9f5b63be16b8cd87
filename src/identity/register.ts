import type { Kysely } from 'kysely';
import { type Clock, GatehouseError } from '../kernel/index.ts';
import type { Tables } from '../store/index.ts';
import type { Agent } from './agent.ts';
import { shown } from './agent-fields.ts';
import { AgentRecords } from './agent-records.ts';
import type { Stop } from './revocation/stopping.ts';

/** What every part of the register works with. */
export interface RegisterParts {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  readonly random: (size: number) => Uint8Array;
  readonly stop: Stop;
}

/** The agent of that name. @throws GatehouseError `not_found`. */
export async function knownAgent(db: Kysely<Tables>, name: string): Promise<Agent> {
  // PostgreSQL refuses NUL in a text; no agent has one.
  const agent = name.includes('\0') ? null : await new AgentRecords(db).agentByName(name);
  if (agent !== null) return agent;
  throw unknownAgent(name);
}

export function unknownAgent(name: string): GatehouseError {
  const message = `agent \`${shown(name)}\` is not registered; list them with gatehouse agent list`;
  return new GatehouseError('not_found', message);
}

/**
 * The agent of that name, which is to get one more way to prove who it is.
 *
 * @throws GatehouseError `not_found`, `conflict` when it or its owner is disabled.
 */
export async function agentToEquip(db: Kysely<Tables>, name: string, what: string): Promise<Agent> {
  const agent = await knownAgent(db, name);
  if (agent.disabled !== null) {
    throw new GatehouseError('conflict', `agent \`${name}\` is disabled; it gets no ${what}`);
  }
  await checkOwner(db, agent.owner);
  return agent;
}

/** @throws GatehouseError `conflict` when the owner is disabled. */
export async function checkOwner(db: Kysely<Tables>, owner: string): Promise<void> {
  if (!(await new AgentRecords(db).ownerDisabled(owner))) return;
  const message = `owner \`${shown(owner)}\` is disabled; register the agent under another owner`;
  throw new GatehouseError('conflict', message);
}

/** A new id: the prefix and 20 hexadecimal digits. */
export function newId(prefix: string, random: RegisterParts['random']): string {
  return `${prefix}_${Buffer.from(random(10)).toString('hex')}`;
}
