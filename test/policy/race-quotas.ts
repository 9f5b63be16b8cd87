import type { Quota } from '../../src/policy/index.ts';

/** What callers race for: an agent's tokens, and an owner's calls at a time. */
export const raceQuotas: readonly Quota[] = [
  { id: 'tokens', of: 'agent', measure: 'tokens', limit: 1000, per: 'ever' },
  { id: 'at-once', of: 'owner', measure: 'concurrency', limit: 20 },
];

/** The database itself watches: a commit that brings a bucket over its limit fails. */
export const neverOver = `
  alter table quota_bucket add constraint never_over check (
    used + reserved <= case when id like '["at-once"%' then 20 else 1000 end)`;
