export { openPolicies, type Policies, type PoliciesFrom } from './policies.ts';
export type { PolicyCheck, PolicyFact, PolicyFlaw } from './policy-set.ts';
