import type { Migration } from '../migration.ts';

/** Agents, the hashes of their keys, and small settings of the product itself. */
export const identity: Migration = {
  id: '0003-identity',
  sql: `
    create table agent (
      id text primary key,
      name text not null unique,
      owner text not null,
      purpose text not null,
      tenant text not null,
      created timestamptz not null,
      disabled timestamptz
    );

    create table agent_key (
      id text primary key,
      agent text not null references agent (id),
      hash bytea not null unique,
      created timestamptz not null,
      expires timestamptz not null,
      revoked timestamptz
    );
    create index agent_key_agent on agent_key (agent);

    create table setting (
      name text primary key,
      value jsonb not null,
      changed timestamptz not null
    );
  `,
};
