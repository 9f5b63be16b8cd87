import type { LogEntry } from '../../ledger/index.ts';
import type { TraceQuery, TraceSummary } from '../contract/index.ts';
import { decisionEntry, type Telling, traceStory } from '../story/index.ts';
import type { Log } from './parts.ts';

export interface TracePage {
  readonly traces: TraceSummary[];
  /** Where the next page starts, or null at the end of the log. */
  readonly next: number | null;
}

const batch = 200;
// A filter that fits nothing must not walk a log of millions: the page ends early, with a `next`.
const mostScanned = 4_000;

/**
 * Lists calls from the newest entry down. Each stands where its first entry stands, so none is
 * listed twice and the cursor (`before`, an index of the log) stays good while the log grows.
 */
export async function tracePage(
  log: Pick<Log, 'latest' | 'byTrace'>,
  query: TraceQuery,
  telling: Telling,
): Promise<TracePage> {
  const traces: TraceSummary[] = [];
  let { before } = query;
  for (let scanned = 0; scanned < mostScanned; scanned += batch) {
    const entries = await log.latest(batch, before);
    for (const one of entries) {
      before = one.index;
      const summary = await startingAt(log, one, query, telling);
      if (summary !== null) traces.push(summary);
      if (traces.length === query.limit) return { traces, next: before > 0 ? before : null };
    }
    if (entries.length < batch) return { traces, next: null };
  }
  return { traces, next: before !== undefined && before > 0 ? before : null };
}

/** The call that this entry starts, if it does and the query wants it. */
async function startingAt(
  log: Pick<Log, 'byTrace'>,
  one: LogEntry,
  query: TraceQuery,
  telling: Telling,
): Promise<TraceSummary | null> {
  const decision = decisionEntry(one);
  if (decision === null) return null;
  const { id, name } = decision.principal;
  if (query.agent !== undefined && query.agent !== id && query.agent !== name) return null;
  const entries = await log.byTrace(decision.trace);
  if (entries.find((entry) => decisionEntry(entry) !== null)?.index !== one.index) return null;
  const summary = traceStory(entries, telling)?.summary ?? null;
  if (summary === null) return null;
  const { asked, served, level } = summary;
  if (query.model !== undefined && query.model !== asked && query.model !== served) return null;
  return query.verdict === undefined || query.verdict === level ? summary : null;
}
