import type { Migration } from '../migration.ts';

/**
 * Quotas: what of each is used and reserved. A bucket is one quota of one holder in one window of
 * time. Amounts are whole: requests, tokens, calls at a time, or billionths of a US dollar.
 */
export const quotas: Migration = {
  id: '0005-quotas',
  sql: `
    create table quota_bucket (
      id text primary key,
      used bigint not null default 0,
      reserved bigint not null default 0 check (reserved >= 0),
      ends timestamptz
    ) with (fillfactor = 50);
    create index quota_bucket_ends on quota_bucket (ends) where ends is not null;

    -- A reservation that is not settled yet. 'holder' is the process, which proves that it lives by
    -- a session advisory lock; 'least' is what is charged when it dies without a word. What a sweep
    -- charged stays as a row of holder 0 that holds nothing: a word that comes late is exact by it.
    create table quota_hold (
      id uuid not null,
      bucket text not null,
      amount bigint not null,
      least bigint not null,
      charged bigint not null default 0,
      holder bigint not null,
      at timestamptz not null,
      primary key (id, bucket)
    );
    create index quota_hold_holder on quota_hold (holder);
  `,
};
