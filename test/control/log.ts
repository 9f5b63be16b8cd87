import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, JsonObject } from '../../src/kernel/index.ts';
import { generateKey, type Ledger, openLedger, signerOf } from '../../src/ledger/index.ts';
import { localKms, openVault, type Store } from '../../src/store/index.ts';

/** A real log that can be made unable to write, and tells what was asked of it. */
export interface WatchedLog extends Ledger {
  /** While true, nothing can be written. */
  broken: boolean;
  /** What happened, in order. */
  readonly happened: string[];
  /** Writes an entry as it is, with bodies if there are any (`role` to text). */
  put(entry: JsonObject, bodies?: Readonly<Record<string, string>>): Promise<void>;
  all(): Promise<readonly JsonObject[]>;
}

export async function watchedLog(store: Store, clock: Clock): Promise<WatchedLog> {
  const random = (size: number) => randomBytes(size);
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-log-'));
  const kms = await localKms(join(folder, 'kek'), random);
  const vault = await openVault({ store, kms, clock, random });
  const signer = signerOf(generateKey('test.example/log', random));
  const ledger = await openLedger({ store, vault, signer, clock });
  const happened: string[] = [];
  const log: WatchedLog = {
    ...ledger,
    broken: false,
    happened,
    async append(kind, facts) {
      if (log.broken) throw new Error('the disk is full');
      happened.push(`append ${kind}`);
      return ledger.append(kind, facts);
    },
    async bundle(trace, options) {
      happened.push('bundle');
      return ledger.bundle(trace, options);
    },
    async put(entry, bodies = {}) {
      await ledger.record({
        trace: String(entry['trace']),
        claims: [],
        bodies: Object.entries(bodies).map(([role, text]) => {
          return { role, owner: 'agt_1/', bytes: Buffer.from(text) };
        }),
        entry: (refs) => {
          return refs.length === 0 ? entry : { ...entry, bodies: refs.map((ref) => ({ ...ref })) };
        },
      });
    },
    async all() {
      return (await ledger.latest(10_000)).map(({ entry }) => entry).toReversed();
    },
    async close() {
      await ledger.close();
      await rm(folder, { recursive: true });
    },
  };
  return log;
}
