export { openPolicies, type Policies, type PoliciesFrom } from './policies.ts';
export { checkSources, type PolicyCheck, type PolicyFact, type PolicyFlaw } from './policy-set.ts';
export { type PolicySources, readSources } from './sources.ts';
