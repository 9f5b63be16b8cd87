import type { Migration } from '../migration.ts';

/**
 * Data keys and the bodies sealed with them. A body names its key without a foreign key: every
 * insert would lock the key's row, and a key is never deleted, only emptied.
 *
 * `seals` counts what was reserved, in blocks, so it is an upper bound (NIST SP 800-38D, 8.3).
 */
export const keysAndBlobs: Migration = {
  id: '0001-keys-and-blobs',
  sql: `
    create table data_key (
      id uuid primary key,
      owner text not null,
      kms text not null,
      wrapped bytea,
      current boolean not null default true,
      seals bigint not null default 0,
      created timestamptz not null,
      shredded timestamptz,
      check ((wrapped is null) = (shredded is not null)),
      check (shredded is null or not current)
    );
    create unique index data_key_current on data_key (owner) where current;
    create index data_key_owner on data_key (owner);

    create table blob (
      id uuid primary key,
      key_id uuid not null,
      trace uuid not null,
      role text not null,
      sealed bytea not null
    );
    -- Ciphertext does not compress; trying would cost time on every insert.
    alter table blob alter column sealed set storage external;
  `,
};
