import type { Migration } from '../migration.ts';
import { keysAndBlobs } from './0001-keys-and-blobs.ts';
import { ledger } from './0002-ledger.ts';
import { identity } from './0003-identity.ts';
import { credentials } from './0004-credentials.ts';
import { quotas } from './0005-quotas.ts';
import { agentUse } from './0006-agent-use.ts';

/** Every migration, in order. A new one goes to the end; a released one never changes. */
export const migrations: readonly Migration[] = [
  keysAndBlobs,
  ledger,
  identity,
  credentials,
  quotas,
  agentUse,
];
