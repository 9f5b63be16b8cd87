import type { Migration } from '../migration.ts';

/** The log: its head, its entries in order, and the full tiles of its tree (C2SP tlog-tiles). */
export const ledger: Migration = {
  id: '0002-ledger',
  sql: `
    create table log_head (
      id smallint primary key check (id = 1),
      origin text not null,
      size bigint not null,
      root bytea not null,
      frontier bytea not null,
      at timestamptz not null
    );

    create table log_entry (
      index bigint primary key,
      trace uuid,
      hash bytea not null,
      data bytea not null
    );
    create index log_entry_trace on log_entry (trace) where trace is not null;

    create table log_tile (
      level smallint not null,
      index bigint not null,
      hashes bytea not null check (length(hashes) = 8192),
      -- The hash of the whole tile, which is what the level above holds of it.
      root bytea not null check (length(root) = 32),
      primary key (level, index)
    );
    -- Compressing a long entry would cost more time than writing it.
    alter table log_entry alter column data set storage external;
    -- Hashes do not compress.
    alter table log_tile alter column hashes set storage external;
  `,
};
