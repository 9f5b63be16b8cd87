import type { AgentIdentity } from './agent.ts';
import { openIdentities } from './federation/identities.ts';
import type { NewIdentity } from './federation/new-identity.ts';
import { agentToEquip, type RegisterParts } from './register.ts';

/** The identities elsewhere that stand for agents. */
export interface AgentIdentities {
  /**
   * `spiffe`: the subject is the exact SPIFFE ID. `oidc`: the issuer is the exact `iss`, and a subject
   * or claims say who of its workloads is meant.
   *
   * @throws GatehouseError `bad_request`, `conflict` when it stands for an agent already or the agent
   *   is disabled, `not_found`.
   */
  addIdentity(name: string, identity: NewIdentity): Promise<AgentIdentity>;
  /** Ends the calls of its agent that are under way. @throws `not_found`. */
  revokeIdentity(id: string): Promise<AgentIdentity>;
  /** All of an agent, the revoked too, the oldest first. @throws `not_found`. */
  identities(name: string): Promise<readonly AgentIdentity[]>;
}

export function openAgentIdentities({ db, clock, random, stop }: RegisterParts): AgentIdentities {
  const identities = openIdentities({ db, clock, random });
  return {
    async addIdentity(name, identity) {
      await agentToEquip(db, name, 'identity');
      return identities.add(name, identity);
    },
    revokeIdentity(id) {
      return stop(async (transaction) => {
        const revoked = await openIdentities({ db: transaction, clock, random }).revoke(id);
        return { result: revoked, endings: [{ what: 'proof', id: revoked.agent }] };
      });
    },
    identities: (name) => identities.list(name),
  };
}
