import type { Clock } from './clock.ts';
import { holds, keysPath } from './content.ts';
import type { Binding, Finding, Opinion } from './control.ts';
import type { Subject } from './subject.ts';
import { deny, join, type Level, levels, type Verdict, verdict } from './verdict.ts';

/** The joined opinion of all controls on one subject, and how far each part is settled. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  /** For a window: per path, the offset before which nothing can change any more. Absent: nothing is. */
  readonly settled: Readonly<Record<string, number>>;
}

interface Heard {
  readonly finding: Finding;
  readonly settled: Opinion['settled'] | null;
}

/**
 * Asks every control that is bound at the subject's stage, all at once, and joins what they say.
 * Answers at once, without a promise, when every control does.
 *
 * INVARIANT: fails closed. No enforcing control, a throw, an opinion out of shape or past its time
 * is `deny`, or `hold` where the binding says so.
 */
export function judge(
  bindings: readonly Binding[],
  subject: Subject,
  clock: Clock,
): Judgement | Promise<Judgement> {
  const asked = bindings.filter(({ control }) => control.stages.includes(subject.stage));
  const heard = asked.map((binding) => hear(binding, subject, clock));
  if (heard.some((one) => one instanceof Promise)) {
    return Promise.all(heard).then((all) => joined(subject, all));
  }
  return joined(subject, heard as Heard[]);
}

function joined(subject: Subject, heard: readonly Heard[]): Judgement {
  const findings = heard.map(({ finding }) => finding);
  const enforced = heard.filter(({ finding }) => finding.mode === 'enforce');
  if (enforced.length === 0) {
    const reason = `no enforcing control is bound at stage \`${subject.stage}\``;
    const control = 'kernel.decide';
    const code = 'no_control';
    const { stage } = subject;
    const missing = { control, stage, mode: 'enforce', level: 'deny', code, reason, masks: [] };
    return { verdict: deny, findings: [...findings, missing as Finding], settled: {} };
  }
  let result = verdict('allow');
  for (const { finding } of enforced) {
    result = join(result, verdict(finding.level, finding.masks, finding.drops));
  }
  return { verdict: result, findings, settled: settledOf(subject, enforced) };
}

function settledOf(subject: Subject, enforced: readonly Heard[]): Record<string, number> {
  const settled: Record<string, number> = {};
  if (subject.window === undefined) return settled;
  const blind = enforced.some((one) => one.settled === null);
  for (const { path, text, whole } of subject.parts) {
    let offset = text.length;
    if (!subject.window.final) {
      if (blind) offset = 0;
      else if (whole !== true) {
        for (const { settled: own } of enforced) {
          if (own !== 'all') offset = Math.min(offset, own?.[path] ?? 0);
        }
      }
    }
    settled[path] = offset;
  }
  return settled;
}

function hear(binding: Binding, subject: Subject, clock: Clock): Heard | Promise<Heard> {
  const waits = subject.window?.final === false && binding.control.windowed !== true;
  if (waits) return { finding: stamp(binding, subject, { level: 'allow' }), settled: null };
  const begun = clock.now();
  // Most controls answer at once and need no signal; making one costs more than they do.
  let abort: AbortController | null = null;
  const stop = () => {
    abort ??= new AbortController();
    return abort.signal;
  };
  try {
    const opinion = binding.control.judge(subject, stop);
    if (opinion instanceof Promise)
      return hearLater(binding, subject, clock, opinion, () => abort?.abort());
    if (clock.now() - begun > binding.timeoutMs) return failed(binding, subject, 'control_timeout');
    return checked(binding, subject, opinion);
  } catch (thrown) {
    return failed(binding, subject, 'control_failed', thrown);
  }
}

function hearLater(
  binding: Binding,
  subject: Subject,
  clock: Clock,
  opinion: Promise<Opinion>,
  abort: () => void,
): Promise<Heard> {
  return new Promise((resolve) => {
    const cancel = clock.after(binding.timeoutMs, () => {
      abort();
      resolve(failed(binding, subject, 'control_timeout'));
    });
    opinion
      .then((said) => checked(binding, subject, said))
      .catch((thrown: unknown) => failed(binding, subject, 'control_failed', thrown))
      .then((heard) => {
        cancel();
        resolve(heard);
      });
  });
}

function checked(binding: Binding, subject: Subject, opinion: Opinion): Heard {
  const wrong = flaw(subject, opinion);
  if (wrong !== null) return failed(binding, subject, 'control_failed', new TypeError(wrong));
  return { finding: stamp(binding, subject, opinion), settled: opinion.settled ?? null };
}

/** What is wrong with an opinion, or null. A mask must lie in a part and must be able to mask it. */
function flaw(subject: Subject, opinion: Opinion): string | null {
  if (typeof opinion !== 'object' || opinion === null) return 'an opinion is an object';
  if (!levels.includes(opinion.level)) return 'an opinion has a level of the lattice';
  const masks = opinion.masks ?? [];
  const drops = opinion.drops ?? [];
  if (opinion.level === 'amend' && masks.length + drops.length === 0) {
    return 'an amendment takes something away';
  }
  if (drops.length > 0) {
    if (subject.window !== undefined) return 'nothing is dropped from a stream';
    if (!drops.every((path) => holds(subject.content, path))) return 'a drop names a member';
  }
  if (masks.length === 0) return null;
  const lengths = new Map(subject.parts.map(({ path, text }) => [path, text.length]));
  for (const mask of masks) {
    const length = lengths.get(mask.path);
    if (length === undefined) return 'a mask names a part of the subject';
    if (mask.path === keysPath) return 'a property name cannot be masked';
    if (!(mask.start >= 0 && mask.start < mask.end && mask.end <= length)) {
      return 'a mask lies inside its part';
    }
  }
  return null;
}

function failed(binding: Binding, subject: Subject, code: string, thrown?: unknown): Heard {
  const why = code === 'control_timeout' ? 'ran past its time' : 'failed';
  // Only the error's name: its message may quote what was judged.
  const what = thrown instanceof Error ? ` (${thrown.name})` : '';
  const reason = `control \`${binding.control.id}\` ${why}${what}`;
  const level: Level = binding.onFailure;
  return { finding: stamp(binding, subject, { level, code, reason }), settled: null };
}

function stamp(binding: Binding, subject: Subject, opinion: Opinion): Finding {
  return {
    control: binding.control.id,
    stage: subject.stage,
    mode: binding.mode,
    level: opinion.level,
    code: opinion.code ?? 'ok',
    reason: opinion.reason ?? '',
    masks: opinion.masks ?? [],
    ...(opinion.drops === undefined ? {} : { drops: opinion.drops }),
    ...(opinion.evidence === undefined ? {} : { evidence: opinion.evidence }),
  };
}
