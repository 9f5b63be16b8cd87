import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { GatehouseError, Recent } from '../../kernel/index.ts';
import type { Tables } from '../../store/index.ts';

/** What counts only once, whichever process it is shown to: `jti` of assertions and of proofs. */
export interface UsedOnce {
  /**
   * True for the first who uses it, false for everybody else, in all processes on the database.
   * `parts` name it together; `expires` (Unix time in milliseconds) is when it would count for
   * nothing anyway. A use that this process saw costs no query; those that come at once share one.
   *
   * @throws GatehouseError `store_unavailable`; it then counts as used here.
   */
  use(parts: readonly string[], expires: number): Promise<boolean>;
  /** Removes what has expired. `now` is Unix time in milliseconds. */
  sweep(now: number): Promise<void>;
}

interface Waiting {
  readonly digest: Buffer;
  readonly expires: Date;
  readonly settle: (first: boolean) => void;
  readonly fail: (error: unknown) => void;
}

const mostRecent = 100_000;
const mostTogether = 256;
/** Clocks of processes may differ: nobody's unexpired row is swept by another whose clock is ahead. */
const sweepMarginMs = 60_000;

export function openUsedOnce(db: Kysely<Tables>): UsedOnce {
  const seen = new Recent<true>(mostRecent);
  let waiting: Waiting[] = [];
  let running = false;

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, mostTogether);
      waiting = waiting.slice(mostTogether);
      await insert(db, batch);
    }
    running = false;
  }

  return {
    async use(parts, expires) {
      const digest = digestOf(parts);
      const key = digest.toString('base64');
      // INVARIANT: nothing is awaited between these two, so that one of two at once asks.
      if (seen.get(key) !== undefined) return false;
      seen.set(key, true);
      return new Promise<boolean>((settle, fail) => {
        waiting.push({ digest, expires: new Date(expires), settle, fail });
        void run();
      });
    },
    async sweep(now) {
      const before = new Date(now - sweepMarginMs);
      await db.deleteFrom('used_once').where('expires', '<', before).execute();
    },
  };
}

async function insert(db: Kysely<Tables>, batch: readonly Waiting[]): Promise<void> {
  // In one order everywhere, so that two processes with the same digests never wait in a circle.
  const rows = batch.toSorted((a, b) => Buffer.compare(a.digest, b.digest));
  const digests = rows.map(({ digest }) => digest);
  const expiries = rows.map(({ expires }) => expires);
  try {
    const added = await sql<{ digest: Buffer }>`
      insert into used_once (digest, expires)
      select * from unnest(${digests}::bytea[], ${expiries}::timestamptz[])
      on conflict do nothing returning digest`.execute(db);
    const first = new Set(added.rows.map(({ digest }) => digest.toString('base64')));
    for (const { digest, settle } of batch) settle(first.has(digest.toString('base64')));
  } catch (cause) {
    const message = 'one-time use cannot be checked while the database is away; try again shortly';
    const error = new GatehouseError('store_unavailable', message, { cause });
    for (const { fail } of batch) fail(error);
  }
}

// The length of each part goes in, so that no two lists of parts give the same bytes.
function digestOf(parts: readonly string[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest();
}
