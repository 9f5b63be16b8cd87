import type { Generated } from 'kysely';

/** The schema as Kysely sees it. `bigint` is a number, `uuid` its lower-case text with hyphens. */
export interface Tables {
  data_key: DataKeyTable;
  blob: BlobTable;
  log_head: LogHeadTable;
  log_entry: LogEntryTable;
  log_tile: LogTileTable;
  agent: AgentTable;
  agent_key: AgentKeyTable;
  setting: SettingTable;
  owner: OwnerTable;
  agent_public_key: AgentPublicKeyTable;
  agent_identity: AgentIdentityTable;
  signing_key: SigningKeyTable;
  used_once: UsedOnceTable;
  revoked_token: RevokedTokenTable;
  quota_bucket: QuotaBucketTable;
  quota_hold: QuotaHoldTable;
  agent_use: AgentUseTable;
  agent_use_cursor: AgentUseCursorTable;
}

export interface DataKeyTable {
  id: string;
  owner: string;
  kms: string;
  /** Null when the key is shredded. */
  wrapped: Buffer | null;
  current: Generated<boolean>;
  seals: Generated<number>;
  created: Date;
  shredded: Date | null;
}

export interface BlobTable {
  id: string;
  key_id: string;
  trace: string;
  role: string;
  sealed: Buffer;
}

export interface LogHeadTable {
  id: number;
  origin: string;
  size: number;
  root: Buffer;
  frontier: Buffer;
  at: Date;
}

export interface LogEntryTable {
  index: number;
  trace: string | null;
  hash: Buffer;
  data: Buffer;
}

export interface LogTileTable {
  level: number;
  index: number;
  hashes: Buffer;
  root: Buffer;
}

export interface AgentTable {
  id: string;
  name: string;
  owner: string;
  purpose: string;
  tenant: string;
  created: Date;
  disabled: Date | null;
  /** 0 to 100. */
  risk: Generated<number>;
}

export interface AgentKeyTable {
  id: string;
  agent: string;
  hash: Buffer;
  created: Date;
  expires: Date;
  revoked: Date | null;
}

export interface SettingTable {
  name: string;
  /** A JSON value. Write it as JSON text: `pg` would send an array as a PostgreSQL array. */
  value: unknown;
  changed: Date;
}

export interface OwnerTable {
  name: string;
  disabled: Date | null;
}

export interface AgentPublicKeyTable {
  /** RFC 7638 thumbprint: SHA-256 in base64url. */
  id: string;
  agent: string;
  jwk: unknown;
  created: Date;
  revoked: Date | null;
}

export interface AgentIdentityTable {
  id: string;
  agent: string;
  kind: 'spiffe' | 'oidc';
  issuer: string;
  subject: string | null;
  /** Claims that a token must have, by name. */
  claims: unknown;
  created: Date;
  revoked: Date | null;
}

export interface SigningKeyTable {
  id: string;
  jwk: unknown;
  wrapped: Buffer;
  created: Date;
  signs_until: Date;
  verifies_until: Date;
}

export interface UsedOnceTable {
  digest: Buffer;
  expires: Date;
}

export interface RevokedTokenTable {
  id: string;
  revoked: Date;
  expires: Date;
}

export interface QuotaBucketTable {
  id: string;
  used: Generated<number>;
  reserved: Generated<number>;
  ends: Date | null;
}

export interface QuotaHoldTable {
  id: string;
  bucket: string;
  amount: number;
  least: number;
  charged: Generated<number>;
  holder: number;
  at: Date;
}

export interface AgentUseTable {
  agent: string;
  action: 'call_model' | 'call_tool';
  resource: string;
  day: Date;
  /** Calls that passed. */
  calls: number;
  refused: number;
  first: Date | null;
  last: Date | null;
}

export interface AgentUseCursorTable {
  id: number;
  /** The index of the first entry that is not counted yet. */
  next: number;
}
