import { type Clock, GatehouseError } from '../kernel/index.ts';
import type { Agent, AgentKey } from './agent.ts';
import type { AgentRecords } from './agent-records.ts';
import { fingerprint, staticKey } from './static-key.ts';

/** What an agent is registered with. */
export interface NewAgent {
  readonly name: string;
  readonly owner: string;
  readonly purpose: string;
  readonly tenant: string;
  /** From 0 to 100; 0 where nothing is said. */
  readonly risk?: number;
}

/** A new key, shown this once. */
export interface IssuedKey {
  readonly key: string;
  readonly id: string;
  readonly expires: number;
}

/** The register of agents and their static keys. Every name is that of an agent. */
export interface Agents {
  /** @throws GatehouseError `bad_request` for a bad name or text, `conflict` for a taken name. */
  create(from: NewAgent): Promise<Agent>;
  /** @throws GatehouseError `not_found`, `conflict` when it is disabled, `bad_request`. */
  issueKey(name: string, options?: { readonly expiresInMs?: number }): Promise<IssuedKey>;
  /** Ends a key for good, here at once and elsewhere within a second. @throws `not_found`. */
  revokeKey(id: string): Promise<AgentKey>;
  /** Ends everything the agent may do, here at once and elsewhere within a second. @throws `not_found`. */
  disable(name: string): Promise<Agent>;
  list(): Promise<readonly Agent[]>;
  /** The agent of that name, or null. */
  get(name: string): Promise<Agent | null>;
  keys(name: string): Promise<readonly AgentKey[]>;
}

const day = 86_400_000;
const longest = 90 * day;

interface AgentsParts {
  readonly records: AgentRecords;
  readonly clock: Clock;
  readonly random: (size: number) => Uint8Array;
  /** Called after every change that ends something. */
  readonly changed: () => void;
}

export function openAgents({ records, clock, random, changed }: AgentsParts): Agents {
  async function known(name: string): Promise<Agent> {
    const agent = await records.agentByName(name);
    if (agent !== null) return agent;
    const message = `agent \`${shown(name)}\` is not registered; list them with gatehouse agent list`;
    throw new GatehouseError('not_found', message);
  }

  return {
    async create(from) {
      checkNew(from);
      const { name, owner, purpose, tenant, risk = 0 } = from;
      const id = `agt_${hex(random(10))}`;
      const agent: Agent = {
        id,
        name,
        owner,
        purpose,
        tenant,
        risk,
        created: clock.now(),
        disabled: null,
      };
      if (await records.addAgent(agent)) return agent;
      throw new GatehouseError('conflict', `agent \`${name}\` exists; choose another name`);
    },
    async issueKey(name, { expiresInMs = day } = {}) {
      if (!(Number.isSafeInteger(expiresInMs) && expiresInMs >= 1000 && expiresInMs <= longest)) {
        const message = `a key cannot live \`${expiresInMs}\` ms; give from 1000 ms to 90 days`;
        throw new GatehouseError('bad_request', message);
      }
      const agent = await known(name);
      if (agent.disabled !== null) {
        throw new GatehouseError('conflict', `agent \`${name}\` is disabled; it gets no key`);
      }
      const key = staticKey(random(32));
      const created = clock.now();
      const expires = created + expiresInMs;
      const id = `key_${hex(random(10))}`;
      const hash = fingerprint(key);
      await records.addKey({ id, agent: agent.id, created, expires, revoked: null }, hash);
      return { key, id, expires };
    },
    async revokeKey(id) {
      const key = await records.revokeKey(id, clock.now());
      changed();
      if (key !== null) return key;
      throw new GatehouseError(
        'not_found',
        `key \`${shown(id)}\` is unknown; list the agent's keys`,
      );
    },
    async disable(name) {
      const agent = await known(name);
      const disabled = await records.disableAgent(agent.id, clock.now());
      changed();
      return disabled ?? agent;
    },
    list: () => records.agents(),
    get: (name) => records.agentByName(name),
    keys: async (name) => records.keysOf((await known(name)).id),
  };
}

function checkNew({ name, owner, purpose, tenant }: NewAgent): void {
  check('name', name, /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/);
  check('tenant', tenant, /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/);
  checkText('owner', owner, 200);
  checkText('purpose', purpose, 500);
}

function check(field: string, value: string, form: RegExp): void {
  if (typeof value === 'string' && form.test(value)) return;
  const rule =
    'use 1 to 64 of a-z, 0-9, dot, hyphen, underscore; begin and end with one of a-z, 0-9';
  throw new GatehouseError('bad_request', `${field} \`${shown(value)}\` is not allowed; ${rule}`);
}

function checkText(field: string, value: string, most: number): void {
  const good = typeof value === 'string' && value.trim() !== '' && value.length <= most;
  if (good && value.isWellFormed() && !/\p{Cc}/u.test(value)) return;
  const rule = `write 1 to ${most} characters on one line`;
  throw new GatehouseError('bad_request', `${field} \`${shown(value)}\` is not allowed; ${rule}`);
}

function shown(value: unknown): string {
  return String(value)
    .slice(0, 64)
    .replaceAll(/[^\x20-\x5f\x61-\x7e]/g, '?');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
