import {
  type Clock,
  GatehouseError,
  type JsonObject,
  type Recorded,
  type Recorder,
} from '../kernel/index.ts';
import type { Store, Vault } from '../store/index.ts';
import { exportFolder } from './bundle/tile-folder.ts';
import { traceBundle } from './bundle/trace-bundle.ts';
import type { Signer } from './note/key.ts';
import { formatReceipt } from './note/receipt.ts';
import { entriesFrom, type LogSpan, spanSince } from './read/log-range.ts';
import { type LogEntry, LogReader } from './read/log-reader.ts';
import { notPublished, type Published } from './read/published.ts';
import type { QueueLimits } from './sequence/batch-queue.ts';
import type { Claimers } from './sequence/claims.ts';
import { ensureHead, oneHead, selectHead, treeAt } from './sequence/log-rows.ts';
import { LogTree } from './sequence/log-tree.ts';
import { LogWriter } from './sequence/log-writer.ts';
import { type Pace, Sequencer, usualLimits, usualPace } from './sequence/sequencer.ts';
import { parseLogPath } from './tiles/tile-path.ts';
import type { Proof } from './tree/proof.ts';
import { proveConsistency, proveInclusion } from './tree/prover.ts';
import { entryVersion } from './verify/entry-check.ts';
import type { ReadLog } from './verify/verify-log.ts';

/** The transparency log: the record that everything in the house rests on. Indexes count from 0. */
export interface Ledger extends Recorder {
  readonly origin: string;
  /** The verifier key (C2SP signed-note). */
  readonly key: string;
  /**
   * Writes an entry that is no decision, `{ ...facts, v, kind, at }`; resolves when it is durable.
   * Facts with a `trace` of 32 hexadecimal digits belong to that trace.
   */
  append(kind: string, facts: JsonObject): Promise<Recorded>;
  /** The durable head, signed (C2SP tlog-checkpoint). */
  checkpoint(): Promise<string>;
  /** A tile of hashes, or null if the log does not hold it (yet). Without `width`: a full one. */
  tile(level: number, index: number, width?: number): Promise<Uint8Array | null>;
  /** Entries after C2SP tlog-tiles, or null. Without `width`: 256 of them. */
  entries(index: number, width?: number): Promise<Uint8Array | null>;
  entry(index: number): Promise<LogEntry | null>;
  /** The entries of a trace, in order. */
  byTrace(trace: string): Promise<readonly LogEntry[]>;
  /** The newest entries first, at most `limit`, below index `before` if given. */
  latest(limit: number, before?: number): Promise<readonly LogEntry[]>;
  /** Where entries of a time (Unix milliseconds) and later stand, after a few earlier ones. */
  span(since: number): Promise<LogSpan>;
  /** At most `limit` entries from an index on, in order. */
  range(from: number, limit: number): Promise<readonly LogEntry[]>;
  /** The proof that an entry is in the log (C2SP tlog-proof), or null if it is not. */
  receipt(index: number): Promise<string | null>;
  /** The proof that the log of today begins with its first `oldSize` entries. */
  consistency(oldSize: number): Promise<{ checkpoint: string; proof: Proof }>;
  /** An export of a trace that verifies offline, as JSON text; null if the trace is unknown. */
  bundle(trace: string, options: { readonly bodies: boolean }): Promise<string | null>;
  /** Writes the log as a folder of static files (C2SP tlog-tiles); answers how many entries it has. */
  exportTiles(folder: string): Promise<number>;
  /** The log as `verifyLog` reads it. */
  readonly read: ReadLog;
  /** Writes what waits, then takes no more. The store stays open. */
  close(): Promise<void>;
}

export interface LedgerOptions {
  readonly store: Pick<Store, 'pool'>;
  readonly vault: Pick<Vault, 'seal' | 'open' | 'opening'>;
  /** Signs checkpoints. Its name is the origin of the log. */
  readonly signer: Signer;
  readonly clock: Clock;
  /** Who settles which kind of claim, in the transaction of the decision. */
  readonly claimers?: Claimers;
  /** Remembers the last checkpoint outside of the database; without it nobody does. */
  readonly published?: Published;
  readonly pace?: Partial<Pace>;
  readonly limits?: Partial<QueueLimits>;
}

/**
 * Opens the log, makes it where there is none, and checks that it is whole at its end and a
 * continuation of the last checkpoint that was published. Several processes may write to one log.
 *
 * @throws GatehouseError `bad_config` when the database holds the log of another origin,
 *   `unverified` when it was damaged or set back.
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { store, vault, signer, clock, claimers = {} } = options;
  const { pool } = store;
  await ensureHead(pool, signer.name, new Date(clock.now()));
  const { rows } = await pool.query(selectHead);
  const head = oneHead(rows);
  if (head.origin !== signer.name) {
    const message = `the database holds the log \`${head.origin}\` and the key signs for \`${signer.name}\`; set ledger.origin back, or use another database`;
    throw new GatehouseError('bad_config', message);
  }
  const tree = await treeAt(pool, head, LogTree.empty());
  const reader = new LogReader(pool, signer, options.published ?? notPublished);
  await reader.checkpoint();
  const pace = { ...usualPace, ...options.pace };
  const limits = { ...usualLimits, ...options.limits };
  const writer = new LogWriter(pool, tree, claimers, clock);
  const sequencer = new Sequencer(writer, vault, clock, pace, limits);
  return ledgerOf(options, reader, sequencer);
}

function ledgerOf(options: LedgerOptions, reader: LogReader, sequencer: Sequencer): Ledger {
  const { signer, vault, clock } = options;
  const checkpoint = async () => (await reader.checkpoint()).text;
  const read = logRead(reader, checkpoint, signer.vkey);
  return {
    origin: signer.name,
    key: signer.vkey,
    record: (draft) => sequencer.record(draft),
    append: (kind, facts) => sequencer.record(factsDraft(kind, facts, clock)),
    checkpoint,
    tile: (level, index, width) => reader.tile(level, index, width),
    entries: (index, width) => reader.entries(index, width),
    entry: (index) => reader.entry(index),
    byTrace: async (trace) => {
      const found = await reader.rawByTrace(trace);
      return found.map(({ index, text }) => ({ index, entry: JSON.parse(text) }));
    },
    latest: (limit, before) => reader.latest(limit, before),
    span: (since) => spanSince(options.store.pool, since),
    range: (from, limit) => entriesFrom(options.store.pool, from, limit),
    async receipt(index) {
      const { head, text } = await reader.checkpoint();
      if (!Number.isSafeInteger(index) || index < 0 || index >= head.size) return null;
      const proof = await proveInclusion(index, head.size, reader.nodes(head.size));
      return formatReceipt({ index, proof, checkpoint: text });
    },
    async consistency(oldSize) {
      const { head, text } = await reader.checkpoint();
      const proof = await proveConsistency(oldSize, head.size, reader.nodes(head.size));
      return { checkpoint: text, proof };
    },
    bundle: (trace, { bodies }) => traceBundle(reader, signer, trace, bodies ? vault : null),
    exportTiles: (folder) => exportFolder(read, folder),
    read,
    close: () => sequencer.close(),
  };
}

function factsDraft(kind: string, facts: JsonObject, clock: Clock) {
  const { trace } = facts;
  return {
    trace: typeof trace === 'string' && /^[0-9a-f]{32}$/.test(trace) ? trace : '',
    bodies: [],
    claims: [],
    entry: () => ({ ...facts, v: entryVersion, kind, at: new Date(clock.now()).toISOString() }),
  };
}

function logRead(reader: LogReader, checkpoint: () => Promise<string>, key: string): ReadLog {
  return async (path) => {
    if (path === 'key') return Buffer.from(`${key}\n`);
    const place = parseLogPath(path);
    if (place === null) return null;
    if (place.kind === 'checkpoint') return Buffer.from(await checkpoint());
    if (place.kind === 'entries') return reader.entries(place.index, place.width);
    return reader.tile(place.level, place.index, place.width);
  };
}
