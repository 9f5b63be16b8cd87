export { checkSources } from './checked.ts';
export { openPolicies, type Policies, type PoliciesFrom } from './policies.ts';
export type { PolicyCheck, PolicyFact, PolicyFlaw } from './policy-set.ts';
export type { TestResult } from './policy-test.ts';
export { type Cost, costOf, type Tokens } from './quotas/price.ts';
export type {
  Only,
  Price,
  Prices,
  Quota,
  QuotaCall,
  QuotaOutcome,
  Reservation,
  Standing,
  StandingFilter,
} from './quotas/quota.ts';
export { holders, measures, periods } from './quotas/quota.ts';
export { openQuotas, type Quotas, type QuotasFrom } from './quotas/quotas.ts';
export { openRates, type Rates, type RatesFrom } from './quotas/rates.ts';
export { type PolicySources, readSources } from './sources.ts';
export type { Difference } from './what-if/difference.ts';
export type { Explanation, ToldCondition, ToldPolicy } from './what-if/explain.ts';
export { type Narrowing, narrower } from './what-if/narrower.ts';
export type { SupposedCall } from './what-if/question-put.ts';
export type { Unsaid } from './what-if/recorded.ts';
export type { Progress, Replay } from './what-if/replay.ts';
export { openWhatIf, type ReplayAsked, type WhatIf, type WhatIfParts } from './what-if/what-if.ts';
