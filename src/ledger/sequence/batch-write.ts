import type pg from 'pg';
import type { Clock, Refusal } from '../../kernel/index.ts';
import { appendRows, type EntryRow, holdsRows, type Trust } from './append-rows.ts';
import { type Claimers, settleClaims } from './claims.ts';
import { together } from './log-connection.ts';
import { type HeadRow, oneHead, selectHead, treeAt } from './log-rows.ts';
import type { LogTree } from './log-tree.ts';
import { composeEntry, type Pending } from './pending.ts';

/** Where rows were sent to, before it is known whether they arrived. */
export interface Attempt {
  readonly first: number;
  readonly rows: readonly EntryRow[];
}

/** A batch that is written: its first index and the tree behind it. */
export interface Written {
  readonly first: number;
  readonly tree: LogTree;
}

export interface WriteParts {
  readonly claimers: Claimers;
  readonly clock: Clock;
  /** Told of rows before they are sent. */
  attempting(attempt: Attempt): void;
}

/** Some drafts of the batch failed to compose; nothing was written. Try again without them. */
export class PoisonedBatch extends Error {}

/**
 * Writes a batch behind `tree`, trusting that the head still is there. Null, with nothing written,
 * when another process moved it. For batches without claims.
 */
export function writeTrusting(
  client: pg.ClientBase,
  batch: readonly Pending[],
  tree: LogTree,
  parts: WriteParts,
): Promise<Written | null> {
  return append(client, batch, tree, parts, 'trusting');
}

/**
 * Writes a batch with the head locked: claims, bodies, entries, in one transaction. Earlier
 * attempts of this batch are looked for first, so that it is never written twice.
 */
export async function writeLocked(
  client: pg.ClientBase,
  batch: readonly Pending[],
  known: LogTree,
  attempts: readonly Attempt[],
  parts: WriteParts,
): Promise<Written> {
  // Whoever still holds the head (also a connection of ours that broke) is waited for here.
  const [opening, early] = together(client, () => [
    client.query(`begin; ${selectHead} for update`),
    // Where nothing has to be looked for, claims are asked in the same round trip.
    attempts.length === 0 ? settleClaims(client, batch, parts.claimers) : null,
  ]);
  opening.catch(() => {});
  early?.catch(() => {});
  const answers = await opening;
  const head = oneHead((answers as unknown as pg.QueryResult<HeadRow>[])[1]?.rows ?? []);
  const tree = await treeAt(client, head, known);
  for (const { first, rows } of attempts) {
    if (head.size < first + rows.length || !(await holdsRows(client, first, rows))) continue;
    await client.query('commit');
    return { first, tree };
  }
  const { refused, written } = await (early ?? settleClaims(client, batch, parts.claimers));
  composeClaimed(batch, refused);
  const [appended, committed] = together(client, () => [
    append(client, batch, tree, parts, 'locked'),
    // INVARIANT: what fails before it makes the commit a rollback.
    client.query('commit'),
  ]);
  const [, done] = await Promise.all([written, appended, committed]);
  return done as Written;
}

async function append(
  client: pg.ClientBase,
  batch: readonly Pending[],
  before: LogTree,
  { clock, attempting }: WriteParts,
  trust: Trust,
): Promise<Written | null> {
  const rows = batch.map((pending) => pending.row as EntryRow);
  const { tree, tiles } = before.extended(rows.map(({ hash }) => hash));
  attempting({ first: before.size, rows });
  const blobs = batch.flatMap((pending) => pending.blobs);
  const appended = { rows, blobs, tiles };
  const moved = await appendRows(client, before, tree, appended, clock.now(), trust);
  return moved ? { first: before.size, tree } : null;
}

function composeClaimed(
  batch: readonly Pending[],
  refused: ReadonlyMap<Pending, readonly Refusal[]>,
): void {
  let poisoned = false;
  for (const pending of batch) {
    if (pending.draft.claims.length === 0) continue;
    try {
      composeEntry(pending, refused.get(pending) ?? []);
    } catch (error) {
      pending.failed = error instanceof Error ? error : new Error(String(error));
      poisoned = true;
    }
  }
  if (poisoned) throw new PoisonedBatch();
}
