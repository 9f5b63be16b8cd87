import type { DecisionEntry } from './decision-entry.ts';

/** A count with its noun: `1 secret`, `2 secrets`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A time span for people: `840 ms`, `2.4 s`, `3 min 20 s`. */
export function spanOf(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** What was masked, counted and named by what found it: `1 secret`, `2 passages`. */
export function masked(one: DecisionEntry): string {
  const amending = one.findings.filter(
    ({ level, mode }) => level === 'amend' && mode === 'enforce',
  );
  const nouns = new Set(amending.map(({ control }) => nounOf(control)));
  const [only] = nouns;
  return counted(one.maskCount, nouns.size === 1 && only !== undefined ? only : 'passage');
}

function nounOf(control: string): string {
  if (control === 'guard.secrets') return 'secret';
  if (control === 'guard.pii') return 'personal detail';
  return 'passage';
}

/** Why something did not pass: the enforcing findings at its level, the first two in words. */
export function reasons({ findings, level }: Pick<DecisionEntry, 'findings' | 'level'>): string {
  const blocking = findings.filter((one) => one.level === level && one.mode === 'enforce');
  const said = blocking.map(blame);
  const unique = [...new Set(said)];
  if (unique.length === 0) return 'no reason is on record';
  const more = unique.length > 2 ? `, and ${unique.length - 2} more` : '';
  return `${unique.slice(0, 2).join('; ')}${more}`;
}

// A quota names itself, with whose it is and how far it is used.
function blame({ control, reason, code }: DecisionEntry['findings'][number]): string {
  if (/^quota\b/.test(reason)) return reason;
  return `\`${control}\` says ${reason || code}`;
}
