export type { Agent, AgentKey } from './agent.ts';
export type { Agents, IssuedKey, NewAgent } from './agents.ts';
export { type IdentityOptions, openIdentity, type Principals } from './identity.ts';
export type { Issuer } from './token-verifier.ts';
