import type pg from 'pg';
import { type HeadRow, oneHead, selectHead } from '../sequence/log-rows.ts';
import type { LogEntry } from './log-reader.ts';

type Queries = Pick<pg.ClientBase, 'query'>;

/** A stretch of the log: indexes from `from` up to, not including, `to`. */
export interface LogSpan {
  readonly from: number;
  readonly to: number;
}

// Processes that write to one log have clocks of their own, and wait for different times before
// their entries are in: `at` grows along the log but for this much.
const slackMs = 300_000;

/**
 * Where entries of a time (Unix milliseconds) and later stand: every one of them, after at most
 * five minutes' worth of earlier ones. Reads about twenty entries of a million.
 */
export async function spanSince(queries: Queries, since: number): Promise<LogSpan> {
  const { rows } = await queries.query<HeadRow>(selectHead);
  const to = oneHead(rows).size;
  let low = 0;
  let high = to;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const at = await timeAt(queries, middle);
    if (at < since - slackMs) low = middle + 1;
    else high = middle;
  }
  return { from: low, to };
}

/** At most `limit` entries from an index on, in order. */
export async function entriesFrom(
  queries: Queries,
  from: number,
  limit: number,
): Promise<readonly LogEntry[]> {
  const { rows } = await queries.query<{ index: number; data: Buffer }>({
    name: 'ledger-range',
    text: 'select index, data from log_entry where index >= $1 and index < $2 order by index',
    values: [from, from + limit],
  });
  return rows.map(({ index, data }) => ({ index, entry: JSON.parse(data.toString()) }));
}

// An entry without a time that can be read counts as early, so that none after it is left out.
async function timeAt(queries: Queries, index: number): Promise<number> {
  const [found] = await entriesFrom(queries, index, 1);
  const at = found?.entry['at'];
  const time = typeof at === 'string' ? Date.parse(at) : Number.NaN;
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
}
