import { GatehouseError } from '../kernel/index.ts';
import type { Agent, AgentKey } from './agent.ts';
import { checkName, checkRisk, checkText, shown } from './agent-fields.ts';
import { type AgentIdentities, openAgentIdentities } from './agent-identities.ts';
import { AgentRecords } from './agent-records.ts';
import { type Owners, openOwners } from './owners.ts';
import { publicJwk } from './public-jwk.ts';
import { insertPublicKey, openPublicKeys, type PublicKeys } from './public-keys.ts';
import {
  agentToEquip,
  checkOwner,
  knownAgent,
  newId,
  type RegisterParts,
  unknownAgent,
} from './register.ts';
import { fingerprint, staticKey } from './static-key.ts';
import { openTokenRevocations, type TokenRevocations } from './token-revocations.ts';

/** What an agent is registered with. */
export interface NewAgent {
  readonly name: string;
  readonly owner: string;
  readonly purpose: string;
  readonly tenant: string;
  /** From 0 to 100; 0 where nothing is said. */
  readonly risk?: number;
  /** A first public key (JWK); the agent is registered with it or not at all. */
  readonly publicKey?: unknown;
}

/** A new key, shown this once. */
export interface IssuedKey {
  readonly key: string;
  readonly id: string;
  readonly expires: number;
}

/**
 * The register of agents and of all that they prove who they are with. Every `name` is that of an
 * agent, but for owners. What ends here ends at once, and elsewhere within a second, in calls that
 * are under way too.
 */
export interface Agents extends PublicKeys, AgentIdentities, Owners, TokenRevocations {
  /**
   * @throws GatehouseError `bad_request` for a bad name, text or key, `conflict` for a taken name or
   *   key and for an owner who is disabled.
   */
  create(from: NewAgent): Promise<Agent>;
  /** @throws GatehouseError `bad_request`, `not_found`. */
  setRisk(name: string, risk: number): Promise<Agent>;
  /** @throws GatehouseError `not_found`, `conflict` when it or its owner is disabled, `bad_request`. */
  issueKey(name: string, options?: { readonly expiresInMs?: number }): Promise<IssuedKey>;
  /** Ends a static key for good. @throws `not_found`. */
  revokeKey(id: string): Promise<AgentKey>;
  /** Ends everything the agent may do, for good. @throws `not_found`. */
  disable(name: string): Promise<Agent>;
  list(): Promise<readonly Agent[]>;
  /** The agent of that name, or null. */
  get(name: string): Promise<Agent | null>;
  /** The agent of that name if neither it nor its owner is disabled; otherwise null. */
  active(name: string): Promise<Agent | null>;
  keys(name: string): Promise<readonly AgentKey[]>;
}

const day = 86_400_000;
const longest = 90 * day;

export function openAgents(parts: RegisterParts): Agents {
  const { db, clock, stop } = parts;
  const records = new AgentRecords(db);
  const get = async (name: string) => (name.includes('\0') ? null : records.agentByName(name));
  return {
    ...openPublicKeys(parts),
    ...openAgentIdentities(parts),
    ...openOwners(parts),
    ...openTokenRevocations(parts),
    create: (from) => create(parts, from),
    async setRisk(name, risk) {
      checkRisk(risk);
      const agent = name.includes('\0') ? null : await records.setRisk(name, risk);
      if (agent !== null) return agent;
      throw unknownAgent(name);
    },
    issueKey: (name, { expiresInMs = day } = {}) => issueKey(parts, name, expiresInMs),
    revokeKey(id) {
      return stop(async (transaction) => {
        const known = id.replaceAll('\0', '');
        const key = await new AgentRecords(transaction).revokeKey(known, clock.now());
        if (key !== null) return { result: key, endings: [{ what: 'credential', id: known }] };
        const message = `key \`${shown(id)}\` is unknown; list the agent's keys`;
        throw new GatehouseError('not_found', message);
      });
    },
    disable(name) {
      return stop(async (transaction) => {
        const known = name.replaceAll('\0', '');
        const agent = await new AgentRecords(transaction).disableAgent(known, clock.now());
        if (agent === null) throw unknownAgent(name);
        return { result: agent, endings: [{ what: 'agent', id: agent.id, name: agent.name }] };
      });
    },
    list: () => records.agents(),
    get,
    async active(name) {
      const agent = await get(name);
      if (agent === null || agent.disabled !== null) return null;
      return (await records.ownerDisabled(agent.owner)) ? null : agent;
    },
    keys: async (name) => records.keysOf((await knownAgent(db, name)).id),
  };
}

async function create({ db, clock, random }: RegisterParts, from: NewAgent): Promise<Agent> {
  const { name, owner, purpose, tenant, risk = 0, publicKey } = from;
  checkName('name', name);
  checkName('tenant', tenant);
  checkText('owner', owner, 200);
  checkText('purpose', purpose, 500);
  checkRisk(risk);
  const key = publicKey === undefined ? null : await publicJwk(publicKey);
  const now = clock.now();
  const id = newId('agt', random);
  const agent: Agent = { id, name, owner, purpose, tenant, risk, created: now, disabled: null };
  return db.transaction().execute(async (transaction) => {
    const records = new AgentRecords(transaction);
    await records.lockOwner(owner);
    await checkOwner(transaction, owner);
    if (!(await records.addAgent(agent))) {
      throw new GatehouseError('conflict', `agent \`${name}\` exists; choose another name`);
    }
    if (key !== null) await insertPublicKey(transaction, id, key, now);
    return agent;
  });
}

async function issueKey(
  { db, clock, random }: RegisterParts,
  name: string,
  expiresInMs: number,
): Promise<IssuedKey> {
  if (!(Number.isSafeInteger(expiresInMs) && expiresInMs >= 1000 && expiresInMs <= longest)) {
    const message = `a key cannot live \`${expiresInMs}\` ms; give from 1000 ms to 90 days`;
    throw new GatehouseError('bad_request', message);
  }
  const agent = await agentToEquip(db, name, 'key');
  const key = staticKey(random(32));
  const created = clock.now();
  const expires = created + expiresInMs;
  const id = newId('key', random);
  const row = { id, agent: agent.id, created, expires, revoked: null };
  await new AgentRecords(db).addKey(row, fingerprint(key));
  return { key, id, expires };
}
