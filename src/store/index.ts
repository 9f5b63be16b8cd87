export { type BlobRow, blobInsert, blobParameters, insertBlobs } from './blob.ts';
export type { KeyLimits } from './data-keys.ts';
export type { Kms, Random } from './kms.ts';
export { localKms } from './local-kms.ts';
export {
  type Notices,
  type NoticesOptions,
  noticeText,
  notify,
  openNotices,
} from './notices.ts';
export {
  type Count,
  openRedisCounter,
  type RedisCounterOptions,
  type SharedCounter,
} from './redis-counter.ts';
export { commitmentOf } from './seal.ts';
export { openStore, type Store, type StoreOptions } from './store.ts';
export type {
  AgentIdentityTable,
  AgentKeyTable,
  AgentPublicKeyTable,
  AgentTable,
  BlobTable,
  DataKeyTable,
  LogEntryTable,
  LogHeadTable,
  LogTileTable,
  OwnerTable,
  QuotaBucketTable,
  QuotaHoldTable,
  RevokedTokenTable,
  SettingTable,
  SigningKeyTable,
  Tables,
  UsedOnceTable,
} from './tables.ts';
export { uuid7 } from './uuid.ts';
export { openVault, type Sealed, type Vault, type VaultOptions } from './vault.ts';
