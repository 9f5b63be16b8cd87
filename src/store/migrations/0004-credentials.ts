import type { Migration } from '../migration.ts';

/**
 * What agents prove who they are with: public keys, identities elsewhere, tokens of our own and the
 * keys that sign them; owners that were stopped; and what counts only once.
 */
export const credentials: Migration = {
  id: '0004-credentials',
  sql: `
    alter table agent add column risk smallint not null default 0 check (risk between 0 and 100);

    -- A person answerable for agents; a row exists once something is said of the person.
    create table owner (
      name text primary key,
      disabled timestamptz
    );

    -- 'id' is the RFC 7638 thumbprint of the key (SHA-256, base64url).
    create table agent_public_key (
      id text primary key,
      agent text not null references agent (id),
      jwk jsonb not null,
      created timestamptz not null,
      revoked timestamptz
    );
    create index agent_public_key_agent on agent_public_key (agent);

    -- An identity elsewhere that stands for an agent: 'issuer' is a trust domain (spiffe) or the iss
    -- of tokens (oidc, id-jag), 'subject' the exact name there or null, 'claims' what else must hold.
    create table agent_identity (
      id text primary key,
      agent text not null references agent (id),
      kind text not null check (kind in ('spiffe', 'oidc')),
      issuer text not null,
      subject text,
      claims jsonb not null,
      created timestamptz not null,
      revoked timestamptz
    );
    create index agent_identity_issuer on agent_identity (kind, issuer) where revoked is null;

    -- Keys of the token service. The private half is wrapped by the KMS.
    create table signing_key (
      id text primary key,
      jwk jsonb not null,
      wrapped bytea not null,
      created timestamptz not null,
      signs_until timestamptz not null,
      verifies_until timestamptz not null
    );

    -- What counts once (the jti of an assertion or a proof), as a digest, until it has expired anyway.
    create table used_once (
      digest bytea primary key,
      expires timestamptz not null
    );
    create index used_once_expires on used_once (expires);

    create table revoked_token (
      id text primary key,
      revoked timestamptz not null,
      expires timestamptz not null
    );
  `,
};
