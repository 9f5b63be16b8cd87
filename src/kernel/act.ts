import { amended, holds } from './content.ts';
import { GatehouseError } from './errors.ts';
import type { Json } from './json.ts';
import type { Mask } from './mask.ts';
import { type Permit, spend } from './permit.ts';
import type { Subject } from './subject.ts';

/** What an effect may work with: the judged subject, its masks, and its content with them applied. */
export interface Judged {
  readonly subject: Subject;
  readonly masks: readonly Mask[];
  readonly content: Json;
}

/**
 * Spends a permit on the very subject that was judged and runs the effect on what passed. The one
 * place from which anything reaches an upstream, a tool or a caller.
 *
 * Waits until the decision is durable, but for a model call that may start early.
 *
 * @throws GatehouseError `permit_forged`, `permit_spent` or `permit_subject` when the permit does
 *   not cover this act, `record_unavailable` when the decision could not be written.
 */
export async function act<T>(
  permit: Permit,
  subject: Subject,
  effect: (judged: Judged) => T | Promise<T>,
): Promise<T> {
  const grant = spend(permit);
  if (grant === 'forged')
    throw new GatehouseError('permit_forged', 'no decision minted this permit');
  if (grant === 'spent') throw new GatehouseError('permit_spent', 'this permit is spent already');
  if (!grant.subjects.includes(subject)) {
    throw new GatehouseError('permit_subject', 'this permit is for another subject');
  }
  if (!grant.early) await durable(grant.recorded);
  const { masks, drops } = grant.verdict;
  const content = amended(subject.content, ownMasks(subject, masks), ownDrops(subject, drops));
  return effect({ subject, masks, content });
}

async function durable(recorded: Promise<unknown>): Promise<void> {
  try {
    await recorded;
  } catch (cause) {
    const message = 'the record cannot be written, so nothing passes; see the health page';
    throw new GatehouseError('record_unavailable', message, { cause });
  }
}

// Several subjects share one verdict; a pointer that this one does not have is another's.
function ownDrops({ content }: Subject, drops: readonly string[]): readonly string[] {
  if (drops.length === 0 || content === null) return [];
  return drops.filter((path) => holds(content, path));
}

function ownMasks(subject: Subject, masks: readonly Mask[]): readonly Mask[] {
  if (masks.length === 0 || subject.content === null) return [];
  const own = new Set(subject.parts.map(({ path }) => path));
  return masks.filter(({ path }) => own.has(path));
}
