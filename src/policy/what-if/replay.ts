import { setImmediate } from 'node:timers/promises';
import type { Ledger, LogEntry } from '../../ledger/index.ts';
import { timeOf } from '../question.ts';
import { opinionOf, type Standing } from '../standing.ts';
import { type Difference, Differences, levelOf } from './difference.ts';
import { askingOf } from './question-put.ts';
import { recordedCall, unsaidTo } from './recorded.ts';

/** How far a replay is, in entries. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** What a replay found. Times are Unix milliseconds. */
export interface Replay {
  readonly since: number;
  readonly until: number;
  /** Hashes of the sets. */
  readonly candidate: string;
  readonly inForce: string;
  /** Recorded decisions that were decided anew, and how many of them would go another way. */
  readonly decisions: number;
  readonly differing: number;
  /** Decisions that could not be decided anew, by what their entry does not say. */
  readonly undecided: readonly { readonly lacks: string; readonly count: number }[];
  /** What would differ, the most frequent first. */
  readonly differences: readonly Difference[];
  /** Differences beyond the kinds that are listed. */
  readonly unlisted: number;
}

/** What a replay needs. `since` and `until` are Unix milliseconds, `until` not included. */
export interface ReplayFrom {
  readonly log: Pick<Ledger, 'span' | 'range'>;
  readonly candidate: Standing;
  /** Of the candidate's sources; it stands prepared under another name. */
  readonly candidateHash: string;
  readonly inForce: Standing;
  readonly since: number;
  readonly until: number;
  /** Kinds of differences that are listed at most. */
  readonly limit: number;
}

const batch = 256;
// Between so many decisions the process does other work: calls wait for it.
const breath = 8;

/**
 * Decides the recorded past anew, each question at the time it was asked at, and compares with what
 * the record says that the policies decided. Nothing is written.
 */
export async function* replay(from: ReplayFrom): AsyncGenerator<Progress, Replay> {
  const span = await from.log.span(from.since);
  const total = span.to - span.from;
  const past = new Past(from);
  yield { done: 0, total };
  for (let next = span.from; next < span.to; next += batch) {
    const entries = await from.log.range(next, Math.min(batch, span.to - next));
    for (const [i, entry] of entries.entries()) {
      if (i % breath === breath - 1) await setImmediate();
      past.decide(entry);
    }
    yield { done: Math.min(next + batch, span.to) - span.from, total };
  }
  return past.result();
}

class Past {
  readonly #from: ReplayFrom;
  readonly #differences = new Differences();
  readonly #undecided = new Map<string, number>();
  #decisions = 0;
  #differing = 0;

  constructor(from: ReplayFrom) {
    this.#from = from;
  }

  decide({ entry }: LogEntry): void {
    const { candidate, inForce, since, until } = this.#from;
    const at = typeof entry['at'] === 'string' ? Date.parse(entry['at']) : since;
    if (at < since || at >= until) return;
    const call = recordedCall(entry);
    if (call === null) return;
    const lacks = 'lacks' in call ? call.lacks : unsaidTo(candidate.check.mentions, entry);
    if ('lacks' in call || lacks !== null) {
      this.#undecided.set(lacks ?? '', (this.#undecided.get(lacks ?? '') ?? 0) + 1);
      return;
    }
    this.#decisions += 1;
    const before = this.#differences.total;
    const time = timeOf(call.at);
    const known = unsaidTo(inForce.check.mentions, entry) === null;
    for (const { put, was } of call.questions) {
      const ask = (set: Standing) =>
        opinionOf(set, put.subject, askingOf(put, time, set.check.mentions));
      const wouldBe = ask(candidate);
      if (levelOf(wouldBe) === was.level) continue;
      this.#differences.add(call, put, was, wouldBe, known ? ask(inForce) : null);
    }
    if (this.#differences.total > before) this.#differing += 1;
  }

  result(): Replay {
    const { candidateHash, inForce, since, until, limit } = this.#from;
    const differences = this.#differences.groups().slice(0, limit);
    const listed = differences.reduce((sum, { count }) => sum + count, 0);
    return {
      since,
      until,
      candidate: candidateHash,
      inForce: inForce.check.hash,
      decisions: this.#decisions,
      differing: this.#differing,
      undecided: [...this.#undecided].map(([lacks, count]) => ({ lacks, count })),
      differences,
      unlisted: this.#differences.total - listed,
    };
  }
}
