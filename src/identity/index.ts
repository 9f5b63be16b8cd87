export type { Agent, AgentIdentity, AgentKey, AgentPublicKey } from './agent.ts';
export type { AgentIdentities } from './agent-identities.ts';
export type { Agents, IssuedKey, NewAgent } from './agents.ts';
export {
  type Federation,
  type FederationOptions,
  openFederation,
} from './federation/federation.ts';
export type { NewIdentity } from './federation/new-identity.ts';
export type { LookupLimits } from './identifier.ts';
export { type IdentityOptions, openIdentity, type Principals } from './identity.ts';
export type { Owner, Owners } from './owners.ts';
export type { Presented } from './presented.ts';
export type { PublicKeys } from './public-keys.ts';
export type { Live } from './revocation/live.ts';
export { covers, scopeControl } from './scope.ts';
export type { TokenRevocations } from './token-revocations.ts';
export type { Issuer } from './token-verifier.ts';
export type { Answer as TokenAnswer } from './tokens/answer.ts';
export {
  openTokenService,
  type TokenService,
  type TokenServiceOptions,
} from './tokens/authorization-server.ts';
export type { Pending as TokenPending } from './tokens/issue.ts';
export type { VerifiedToken } from './verified-token.ts';
export type { Proofs, Verifier } from './verifier.ts';
