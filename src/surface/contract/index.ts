export { type Agent, agent, agentList, type NewAgent, newAgent } from './agent.ts';
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
export { newSetupToken, type Setup, setup } from './setup.ts';
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
