import type { Clock } from './clock.ts';
import type { Binding, Finding } from './control.ts';
import { composed, type Facts, refusalFindings } from './entry.ts';
import { type Judgement, judge } from './judge.ts';
import { mint, type Permit } from './permit.ts';
import type { Body, Claim, Draft, Recorded, Recorder } from './record.ts';
import type { Subject } from './subject.ts';
import { join, passes, type Verdict, verdict } from './verdict.ts';

/** What every decision needs: the controls in force, the record and the time. */
export interface Checkpoint {
  readonly bindings: readonly Binding[];
  readonly recorder: Recorder;
  readonly clock: Clock;
}

export interface DecideOptions {
  /** The decision that this one continues; its record must be durable before anything is released. */
  readonly follows?: Decision;
  /** The effect may start while the record is being written. Honoured for a model call only. */
  readonly early?: boolean;
  /** What must be had for the verdict to stand; taken only if it passes. */
  readonly claims?: readonly Claim[];
  /**
   * What is given back or charged with this entry, whatever the verdict is. Never refused, and never
   * beside `claims`: a claim that is refused would take it along.
   */
  readonly settles?: readonly Claim[];
  readonly bodies?: readonly Body[];
  /** What else the entry says (policy-set hash, route, protocol). No content. */
  readonly facts?: Facts;
}

/** What was decided, why, the right to act if there is one, and when it is on the record. */
export interface Decision {
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly permit: Permit | null;
  readonly recorded: Promise<Recorded>;
}

/**
 * Judges subjects that stand at one moment of one path (a caller at `enter`, what it sends at
 * `input`, the version it asks at `model`), joins all findings into one verdict, writes one entry
 * and mints a permit if the verdict passes. Every stage needs an enforcing control of its own.
 *
 * With claims it answers only when they are had, in the entry's own transaction. Never throws for
 * what a control does; `recorded` rejects when the entry cannot be written, and then no permit of
 * this decision can be spent.
 */
export async function decide(
  checkpoint: Checkpoint,
  subjects: readonly Subject[],
  options: DecideOptions = {},
): Promise<Decision> {
  const judged = subjects.map((one) => judge(checkpoint.bindings, one, checkpoint.clock));
  return settle(checkpoint, subjects, await Promise.all(judged), options);
}

/** Writes down what was judged and mints the permit. For this room: `decide` and streams end here. */
export async function settle(
  checkpoint: Checkpoint,
  subjects: readonly Subject[],
  judgements: readonly Judgement[],
  options: DecideOptions,
): Promise<Decision> {
  const last = subjects.at(-1);
  if (last === undefined) throw new TypeError('a decision needs a subject');
  const claims = options.claims ?? [];
  if (claims.length > 0 && (options.settles ?? []).length > 0) {
    throw new TypeError('a decision either claims or settles');
  }
  const said = judgements.reduce((all, one) => join(all, one.verdict), verdict('allow'));
  const findings = judgements.flatMap((one) => one.findings);
  // What does not pass claims nothing.
  const needed = passes(said.level) ? claims : [];
  const { settles } = options;
  const claimed = settles === undefined ? needed : [...needed, ...settles];
  const written = record(checkpoint.recorder, {
    trace: last.trace,
    bodies: options.bodies ?? [],
    claims: claimed,
    entry: (bodies, refused) =>
      composed(subjects, said, findings, bodies, refused, options.facts ?? {}, checkpoint.clock),
  });
  const recorded = after(options.follows, written);
  // Awaited by act() and by callers; a rejection nobody awaits must not end the process.
  recorded.catch(() => {});
  if (needed.length === 0) return decision(subjects, said, findings, recorded, options);
  const refused = await recorded.then((entry) => entry.refused).catch(() => []);
  const more = refusalFindings(refused, last.stage);
  const final = more.length === 0 ? said : join(said, verdict('deny'));
  return decision(subjects, final, [...findings, ...more], recorded, options);
}

function decision(
  subjects: readonly Subject[],
  said: Verdict,
  findings: readonly Finding[],
  recorded: Promise<Recorded>,
  options: DecideOptions,
): Decision {
  // A claim that is not had yet covers nothing, so an effect that rests on one waits.
  const claims = (options.claims ?? []).length > 0;
  const early = options.early === true && !claims && subjects.at(-1)?.stage === 'model';
  const permit = passes(said.level) ? mint({ subjects, verdict: said, recorded, early }) : null;
  return { verdict: said, findings, permit, recorded };
}

// A recorder that throws at once fails like one that rejects.
async function record(recorder: Recorder, draft: Draft): Promise<Recorded> {
  return recorder.record(draft);
}

async function after(before: Decision | undefined, now: Promise<Recorded>): Promise<Recorded> {
  if (before === undefined) return now;
  const [, recorded] = await Promise.all([before.recorded, now]);
  return recorded;
}
