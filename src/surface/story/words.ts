import { asObject, type DecisionEntry, listIn, textIn } from './decision-entry.ts';

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

/** Who asked and for whom, from the principal and its chain of actors (RFC 8693, `act`). */
export function asker({ principal }: DecisionEntry): string {
  const name = textIn(principal, 'name') || textIn(principal, 'id') || 'somebody unknown';
  const actors = listIn(principal, 'actors').map(asObject);
  const ids = (kind: string) =>
    actors.filter((one) => one['kind'] === kind).map((one) => textIn(one, 'id'));
  const agents = ids('agent');
  if (textIn(principal, 'kind') === 'person') {
    return agents.length === 0 ? name : `${agents.join(' through ')}, for ${name},`;
  }
  const via = agents.length === 0 ? '' : ` (called by ${agents.join(', called by ')})`;
  const person = ids('person').at(-1);
  if (person !== undefined) return `${name}${via}, for ${person},`;
  const owner = textIn(principal, 'owner');
  return owner === '' ? `${name}${via}` : `${name}${via}, owned by ${owner},`;
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
  const said = blocking.map(({ control, reason, code }) => `\`${control}\` says ${reason || code}`);
  const unique = [...new Set(said)];
  if (unique.length === 0) return 'no reason is on record';
  const more = unique.length > 2 ? `, and ${unique.length - 2} more` : '';
  return `${unique.slice(0, 2).join('; ')}${more}`;
}
