export { openStore, type Store, type StoreOptions } from './store.ts';
export type {
  AgentKeyTable,
  AgentTable,
  BlobTable,
  DataKeyTable,
  LogEntryTable,
  LogHeadTable,
  LogTileTable,
  SettingTable,
  Tables,
} from './tables.ts';
