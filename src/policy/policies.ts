import { type Clock, type Control, GatehouseError } from '../kernel/index.ts';
import { cedarControl } from './cedar-control.ts';
import { checkSources, prepare } from './checked.ts';
import { feedbackControl } from './feedback-control.ts';
import type { PolicyCheck } from './policy-set.ts';
import { type PolicySources, readSources } from './sources.ts';
import { type Standing, standing } from './standing.ts';

/**
 * Where policies come from: a folder that is read again at each reload, or texts by file name.
 * `clock` is what policies that speak of the time go by.
 */
export type PoliciesFrom = ({ readonly folder: string } | { readonly sources: PolicySources }) & {
  readonly clock: Clock;
  readonly log?: (line: string) => void;
};

/** The policy set in force. */
export interface Policies {
  /** SHA-256 of sources and schema, lower-case hexadecimal; changes with each reload that counts. */
  readonly hash: string;
  /** What is in force. */
  readonly policies: PolicyCheck['policies'];
  /** The texts that are in force; the folder may have moved on. */
  readonly sources: PolicySources;
  /** Reads the sources again and says what they are worth; changes nothing. */
  check(): PolicyCheck;
  /** Puts the sources in force if they are good, their tests too; keeps the set in force otherwise. */
  reload(): PolicyCheck;
  /** `policy.cedar` at `enter`, `model` and `action`; follows reloads. */
  control(): Control;
  /** `policy.feedback` at `input`; follows reloads. */
  feedback(): Control;
}

/**
 * Loads policies and schema, validated strictly and tested before they count. Warnings and refused
 * reloads go to `log`, one line each.
 *
 * @throws GatehouseError `bad_config` with file, line and what is wrong.
 */
export function openPolicies(from: PoliciesFrom): Policies {
  const read = 'folder' in from ? () => readSources(from.folder) : () => from.sources;
  const log = from.log ?? (() => {});
  let sources = read();
  const first = prepare(sources);
  if (!first.ok) throw new GatehouseError('bad_config', summary(first));
  let now: Standing = standing(first);
  warn(first, log);
  return {
    get hash() {
      return now.check.hash;
    },
    get policies() {
      return now.check.policies;
    },
    get sources() {
      return sources;
    },
    check: () => checkSources(read()),
    reload() {
      const texts = read();
      const next = prepare(texts);
      if (next.ok) {
        sources = texts;
        if (next.hash !== now.check.hash) now = standing(next);
        warn(next, log);
      } else log(`the policies in force stay: ${summary(next)}`);
      return next;
    },
    control: () => cedarControl(() => now, from.clock),
    feedback: () => feedbackControl(() => now, from.clock),
  };
}

function summary({ errors }: PolicyCheck): string {
  const told = errors.slice(0, 5).map(({ where, message, help }) => {
    return `${where}: ${message}${help === null ? '' : ` (${help})`}`;
  });
  const more = errors.length > told.length ? `, and ${errors.length - told.length} more` : '';
  return `policies are not valid: ${told.join('; ')}${more}`;
}

function warn({ warnings }: PolicyCheck, log: (line: string) => void): void {
  for (const { where, message } of warnings) log(`policy warning: ${where}: ${message}`);
}
