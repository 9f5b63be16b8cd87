import type { Finding } from './control.ts';
import { type Checkpoint, type DecideOptions, type Decision, settle } from './decide.ts';
import { type Judgement, judge } from './judge.ts';
import type { Mask } from './mask.ts';
import { mint, type Permit } from './permit.ts';
import type { Part, Subject } from './subject.ts';
import { deny, join, passes, type Verdict, verdict } from './verdict.ts';

/** One judged piece of a stream. `permit` covers the release of what is settled; null: the end. */
export interface Window {
  readonly subject: Subject;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly settled: Readonly<Record<string, number>>;
  readonly permit: Permit | null;
}

/** A decision over a stream: piece by piece while it runs, on the record as one when it ends. */
export interface StreamDecision {
  /** A control needs the whole answer: no window before the last can settle anything. */
  readonly waits: boolean;
  /** Judges the text that is not yet released, with what was released before as context. */
  judge(parts: readonly Part[], final: boolean): Window | Promise<Window>;
  /** Ends the stream as denied where it cannot be judged on. `reason` quotes no content. */
  refuse(code: string, reason: string): void;
  /** Writes the verdict over all windows. Its permit covers the end of the stream. */
  close(options: DecideOptions): Promise<Decision>;
}

// Only so many findings of one stream are kept for its entry.
const mostFindings = 200;

/**
 * Opens a decision over a stream that follows `follows`. A window's permit rests on the record of
 * that decision; the stream's own entry is written by `close`, the join of all windows, and the
 * last bytes leave only with the permit of `close`.
 *
 * `template` is the output subject without parts.
 */
export function decideStream(
  checkpoint: Checkpoint,
  template: Subject,
  follows: Decision,
): StreamDecision {
  let said = verdict('allow');
  const masks: Mask[] = [];
  const findings = new Map<string, Finding>();

  function note(subject: Subject, judgement: Judgement): Window {
    const { settled } = judgement;
    said = join(
      said,
      verdict(judgement.verdict.level === 'amend' ? 'allow' : judgement.verdict.level),
    );
    for (const mask of judgement.verdict.masks) keep(subject, settled, mask);
    for (const finding of judgement.findings) {
      if (findings.size < mostFindings) findings.set(`${finding.control} ${finding.code}`, finding);
    }
    const open = passes(said.level);
    const grant = { subjects: [subject], verdict: judgement.verdict, early: false };
    const permit = open ? mint({ ...grant, recorded: follows.recorded }) : null;
    return { subject, verdict: judgement.verdict, findings: judgement.findings, settled, permit };
  }

  // A mask counts once, in the window that settles it, at its place in the whole channel.
  function keep(subject: Subject, settled: Judgement['settled'], mask: Mask): void {
    const part = subject.parts.find(({ path }) => path === mask.path);
    if (part === undefined || mask.end > (settled[mask.path] ?? 0)) return;
    if (mask.end <= (part.released ?? 0)) return;
    const base = part.base ?? 0;
    masks.push({ ...mask, start: base + mask.start, end: base + mask.end });
  }

  return {
    waits: checkpoint.bindings.some(
      ({ control, mode }) =>
        mode === 'enforce' && control.windowed !== true && control.stages.includes(template.stage),
    ),
    judge(parts, final) {
      const subject = Object.freeze({
        ...template,
        parts: Object.freeze([...parts]),
        window: { final },
      });
      const judgement = judge(checkpoint.bindings, subject, checkpoint.clock);
      if (judgement instanceof Promise) return judgement.then((one) => note(subject, one));
      return note(subject, judgement);
    },
    refuse(code, reason) {
      const { stage } = template;
      said = join(said, deny);
      const control = 'kernel.stream';
      findings.set(`${control} ${code}`, {
        control,
        stage,
        mode: 'enforce',
        level: 'deny',
        code,
        reason,
        masks: [],
      });
    },
    close(options) {
      const judgement = {
        verdict: join(said, verdict('allow', masks)),
        findings: [...findings.values()],
        settled: {},
      };
      return settle(checkpoint, [template], [judgement], { ...options, follows });
    },
  };
}
