import {
  type BodyRef,
  canonical,
  type Draft,
  GatehouseError,
  type Recorded,
  type Refusal,
} from '../../kernel/index.ts';
import type { BlobRow, Sealed, Vault } from '../../store/index.ts';
import { mostEntryBytes } from '../tiles/entry-bundle.ts';
import { leafHash } from '../tree/hash.ts';
import type { EntryRow } from './append-rows.ts';

/** A draft on its way into the log. */
export interface Pending {
  readonly draft: Draft;
  /** What it occupies in memory while it waits, in bytes. */
  readonly bytes: number;
  /** Set once its bodies are sealed. */
  refs: readonly BodyRef[];
  blobs: readonly BlobRow[];
  /** Set once its entry is composed: at once without claims, else when it is known what they gave. */
  row: EntryRow | null;
  refused: readonly Refusal[];
  /** Resolves when the bodies are sealed; null when they are. */
  ready: Promise<void> | null;
  /** Why it can never be written. */
  failed: Error | null;
  resolve(recorded: Recorded): void;
  reject(error: Error): void;
}

// A waiting draft holds its subject and findings beside its bodies.
const bytesOfDraft = 2048;

/** Takes a draft in: seals its bodies and, where no claim can change it, composes its entry. */
export function pendingOf(
  draft: Draft,
  vault: Pick<Vault, 'seal'>,
  settled: Pick<Pending, 'resolve' | 'reject'>,
): Pending {
  const bytes = draft.bodies.reduce((sum, body) => sum + body.bytes.length, bytesOfDraft);
  const pending: Pending = {
    draft,
    bytes,
    refs: [],
    blobs: [],
    row: null,
    refused: [],
    ready: null,
    failed: null,
    ...settled,
  };
  attempt(pending, () => {
    checkTrace(draft.trace);
    const sealed = draft.bodies.map((body) => vault.seal(draft.trace, body));
    if (sealed.every((one) => !(one instanceof Promise))) return take(pending, sealed as Sealed[]);
    pending.ready = Promise.all(sealed).then(
      (all) => attempt(pending, () => take(pending, all)),
      (error: Error) => {
        pending.failed = error;
      },
    );
  });
  return pending;
}

/**
 * Composes the entry of a draft.
 *
 * @throws GatehouseError `too_large` beyond 65,535 bytes, or whatever the draft throws.
 */
export function composeEntry(pending: Pending, refused: readonly Refusal[]): void {
  const { draft, refs } = pending;
  const data = Buffer.from(canonical(draft.entry(refs, refused)));
  if (data.length > mostEntryBytes) {
    const message = `an entry of \`${data.length}\` bytes is over the ${mostEntryBytes} that the log takes; put less into its facts`;
    throw new GatehouseError('too_large', message);
  }
  pending.refused = refused;
  pending.row = { trace: draft.trace === '' ? null : draft.trace, hash: leafHash(data), data };
}

function take(pending: Pending, sealed: readonly Sealed[]): void {
  pending.refs = sealed.map(({ ref }) => ref);
  pending.blobs = sealed.map(({ row }) => row);
  if (pending.draft.claims.length === 0) composeEntry(pending, []);
}

// INVARIANT: a draft that cannot be written fails alone.
function attempt(pending: Pending, step: () => void): void {
  try {
    step();
  } catch (error) {
    pending.failed = error instanceof Error ? error : new Error(String(error));
  }
}

function checkTrace(trace: string): void {
  if (trace === '' || /^[0-9a-f]{32}$/.test(trace)) return;
  throw new GatehouseError('unexpected', `\`${trace}\` is no trace id (32 hexadecimal digits)`);
}
