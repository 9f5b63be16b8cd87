export type { Agent, AgentIdentity, AgentKey, AgentPublicKey } from './agent.ts';
export type { Agents, IssuedKey, NewAgent } from './agents.ts';
export { type IdentityOptions, openIdentity, type Principals } from './identity.ts';
export type { Presented } from './presented.ts';
export type { Issuer } from './token-verifier.ts';
