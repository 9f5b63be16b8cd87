import type { JsonObject } from '../../kernel/index.ts';
import type { LogEntry } from '../read/log-reader.ts';

/** What one agent did with one resource on one day (UTC, `2026-05-01`). Times are ISO 8601. */
export interface DayUse {
  readonly agent: string;
  readonly action: 'call_model' | 'call_tool';
  readonly resource: string;
  readonly day: string;
  /** Calls that passed. */
  calls: number;
  refused: number;
  /** Of calls that passed. */
  first: string | null;
  last: string | null;
}

/**
 * Counts entries by agent, action, resource and day.
 *
 * A refused call of a name that nothing lists is not counted: whoever calls writes such names, and
 * could fill the table with them.
 */
export function countUse(entries: readonly LogEntry[]): readonly DayUse[] {
  const found = new Map<string, DayUse>();
  for (const { entry } of entries) {
    const seen = useIn(entry);
    if (seen === null) continue;
    const { passed, at, ...place } = seen;
    const day = at.slice(0, 10);
    const key = JSON.stringify([place.agent, place.action, place.resource, day]);
    const use = found.get(key) ?? { ...place, day, calls: 0, refused: 0, first: null, last: null };
    found.set(key, use);
    if (!passed) use.refused += 1;
    else {
      use.calls += 1;
      if (use.first === null || at < use.first) use.first = at;
      if (use.last === null || at > use.last) use.last = at;
    }
  }
  return [...found.values()];
}

interface Seen extends Pick<DayUse, 'agent' | 'action' | 'resource'> {
  readonly passed: boolean;
  readonly at: string;
}

function useIn(entry: JsonObject): Seen | null {
  const { kind, at, stages, level, route } = entry;
  if (kind !== 'decision' || typeof at !== 'string' || !Array.isArray(stages)) return null;
  const time = Date.parse(at);
  if (Number.isNaN(time)) return null;
  const action = stages.includes('model')
    ? ('call_model' as const)
    : stages.includes('action')
      ? ('call_tool' as const)
      : null;
  const agent = memberOf(entry['principal'], 'id');
  const resource = memberOf(entry['resource'], 'id');
  if (action === null || agent === null || resource === null) return null;
  const passed = level === 'allow' || level === 'amend';
  if (!passed && typeof route !== 'string') return null;
  return { agent, action, resource, passed, at: new Date(time).toISOString() };
}

// PostgreSQL takes no text with a zero in it.
function memberOf(value: JsonObject[string] | undefined, name: string): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const member = (value as JsonObject)[name];
  return typeof member === 'string' ? member.toWellFormed().replaceAll('\0', '?') : null;
}
