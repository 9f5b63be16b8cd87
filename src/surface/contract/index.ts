export {
  type Agent,
  agent,
  agentList,
  type NewAgent,
  newAgent,
  riskOf,
} from './agent.ts';
export {
  type Entry,
  entry,
  entryList,
  entryQuery,
  type ProvenEntry,
  provenEntry,
} from './entry.ts';
export { type ErrorAnswer, errorAnswer, errorKind } from './error.ts';
export {
  type Condition,
  condition,
  type Health,
  health,
  liveness,
  type PartHealth,
  partHealth,
} from './health.ts';
export {
  type Identity,
  identity,
  identityList,
  newIdentity,
} from './identity.ts';
export { isSecretJwk } from './jwk.ts';
export {
  type IssuedKey,
  issuedKey,
  type Key,
  key,
  keyList,
  type NewKey,
  newKey,
} from './key.ts';
export { type LogHead, logHead } from './ledger.ts';
export { type Model, model, modelList } from './model.ts';
export { type Owner, owner, ownerList } from './owner.ts';
export {
  type PolicyCandidate,
  type PolicyReport,
  type PolicySet,
  policy,
  policyCandidate,
  policyFlaw,
  policyReport,
  policySet,
} from './policy.ts';
export { type Privilege, type Privileges, privilege, privileges } from './privilege.ts';
export { newPublicKey, type PublicKey, publicKey, publicKeyList } from './public-key.ts';
export {
  type Standing,
  type StandingQuery,
  standing,
  standingList,
  standingQuery,
} from './quota.ts';
export { newSetupToken, type Setup, setup } from './setup.ts';
export {
  type RevokedToken,
  revokedToken,
  rotatedKey,
  type SigningKeyList,
  signingKeyList,
  tokenRevocation,
} from './token.ts';
export {
  type Block,
  block,
  bodyRef,
  bundleQuery,
  finding,
  level,
  type Outcome,
  outcome,
  type Trace,
  type TraceQuery,
  type TraceSummary,
  trace,
  traceId,
  traceList,
  traceQuery,
  traceSummary,
} from './trace.ts';
export {
  credentialKinds,
  type ExplainAsked,
  type Explained,
  explainAsked,
  explained,
  type ReplayAsked,
  type Replayed,
  type ReplayLine,
  replayAsked,
  replayed,
  replayLine,
  type SupposedCall,
  supposedCall,
} from './what-if.ts';
