import type { JWK } from 'jose';
import type { Kysely, Selectable } from 'kysely';
import { GatehouseError } from '../kernel/index.ts';
import type { Tables } from '../store/index.ts';
import type { AgentPublicKey } from './agent.ts';
import { shown } from './agent-fields.ts';
import { type PublicJwk, publicJwk } from './public-jwk.ts';
import { agentToEquip, knownAgent, type RegisterParts } from './register.ts';
import type { Ending } from './revocation/ending.ts';
import { insertRevocation } from './token-revocations.ts';
import { longestSeconds } from './tokens/lifetime.ts';

const longestTokenMs = longestSeconds * 1000;

/** The public keys by which agents prove who they are. */
export interface PublicKeys {
  /**
   * Registers a key for good: it belongs to this one agent, also when it is revoked.
   *
   * @throws GatehouseError `bad_request` for one that is not public, asymmetric and strong,
   *   `conflict` for one that is registered already or an agent that is disabled, `not_found`.
   */
  addPublicKey(name: string, jwk: unknown): Promise<AgentPublicKey>;
  /** `id` is the thumbprint. Ends the calls of its agent that are under way. @throws `not_found`. */
  revokePublicKey(id: string): Promise<AgentPublicKey>;
  /** All of an agent, the revoked too, the oldest first. @throws `not_found`. */
  publicKeys(name: string): Promise<readonly AgentPublicKey[]>;
}

export function openPublicKeys({ db, clock, stop }: RegisterParts): PublicKeys {
  return {
    async addPublicKey(name, jwk) {
      const key = await publicJwk(jwk);
      const agent = await agentToEquip(db, name, 'key');
      return insertPublicKey(db, agent.id, key, clock.now());
    },
    revokePublicKey(id) {
      return stop(async (transaction) => {
        const row = await transaction
          .updateTable('agent_public_key')
          .set((eb) => ({ revoked: eb.fn.coalesce('revoked', eb.val(new Date(clock.now()))) }))
          .where('id', '=', id.replaceAll('\0', ''))
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) {
          const message = `public key \`${shown(id)}\` is unknown; list the agent's public keys`;
          throw new GatehouseError('not_found', message);
        }
        // It is a parent of the tokens that it asked for, and they end with it.
        await insertRevocation(transaction, row.id, clock.now() + longestTokenMs, clock.now());
        const endings: Ending[] = [
          { what: 'credential', id: row.id },
          { what: 'proof', id: row.agent },
        ];
        return { result: keyOf(row), endings };
      });
    },
    async publicKeys(name) {
      const { id } = await knownAgent(db, name);
      const found = db.selectFrom('agent_public_key').selectAll().where('agent', '=', id);
      return (await found.orderBy('created').orderBy('id').execute()).map(keyOf);
    },
  };
}

/** @throws GatehouseError `conflict` for a key that is registered already. */
export async function insertPublicKey(
  db: Kysely<Tables>,
  agent: string,
  { thumbprint, jwk }: PublicJwk,
  now: number,
): Promise<AgentPublicKey> {
  const times = { created: new Date(now), revoked: null };
  const row = await db
    .insertInto('agent_public_key')
    .values({ id: thumbprint, agent, jwk: JSON.stringify(jwk), ...times })
    .onConflict((on) => on.column('id').doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row !== undefined) return keyOf(row);
  const message = `public key \`${thumbprint}\` is registered already; make a new one`;
  throw new GatehouseError('conflict', message);
}

function keyOf(row: Selectable<Tables['agent_public_key']>): AgentPublicKey {
  const { id, agent, jwk, created, revoked } = row;
  const times = { created: created.getTime(), revoked: revoked?.getTime() ?? null };
  return { id, agent, jwk: jwk as JWK, ...times };
}
