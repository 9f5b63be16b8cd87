import type { Command as Definition } from 'commander';
import { checkSources, type PolicyCheck, readSources } from '../../../policy/index.ts';
import type { PolicyReport, PolicySet } from '../../contract/index.ts';
import { type Answering, examples, local, remote } from '../command.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { Command } from '../product.ts';
import { table } from '../table.ts';
import { printable } from '../terminal.ts';
import { explainCommand } from './policy-explain.ts';
import { replayCommand } from './policy-replay.ts';

/** `gatehouse policy …`: what decides. Serves A2. */
export function policyCommands(
  program: Definition,
  command: Command,
  ended: (code: number) => void,
): void {
  const group = program
    .command('policy')
    .description('check and try policies, and see why they decide as they do');
  examples(group, 'policy check', 'policy replay --since 7d', 'policy explain TRACE');
  const check = group
    .command('check [dir]')
    .description('check a folder of policies and run its tests, offline');
  local(examples(check, 'policy check', 'policy check ./policies'), command, (_o, answer, dir) => {
    const folder = dir ?? command.product.config().policyFolder;
    const report = checkSources(readSources(folder));
    tell(answer, report, `\`${folder}\``, 'good');
    answer.next('gatehouse policy reload');
  });
  const list = group.command('list').description('the policies in force');
  remote(examples(list, 'policy list'), command, async (server, _options, answer) => {
    const set = await server.get<PolicySet>('/v1/policies');
    answer.data(set, policyTable(set.policies));
    answer.say(`set ${set.hash}`);
    if (set.pending) answer.say('the files differ from what is in force');
    answer.next(set.pending ? 'gatehouse policy reload' : 'gatehouse policy check');
  });
  const reload = group.command('reload').description('put the files in force, if they are good');
  remote(examples(reload, 'policy reload'), command, async (server, _options, answer) => {
    tell(answer, await server.post<PolicyReport>('/v1/policies/reload'), 'the set', 'in force');
    answer.next('gatehouse policy list');
  });
  replayCommand(group, command, ended);
  explainCommand(group, command);
}

/** Tells of a check; one that failed ends the command. */
function tell(
  answer: Answering,
  report: PolicyReport | PolicyCheck,
  what: string,
  good: string,
): void {
  const { ok, hash, policies, errors, warnings } = report;
  const tests = 'tests' in report ? report.tests : [];
  const lines = [
    ...errors.map((flaw) => ['error', flaw] as const),
    ...warnings.map((flaw) => ['warning', flaw] as const),
  ].map(([kind, { where, message, help }]) => {
    return `${kind}: ${printable(`${where}: ${message}${help === null ? '' : ` (${help})`}`)}\n`;
  });
  const shown = { ok, hash, policies, errors, warnings, ...('tests' in report ? { tests } : {}) };
  answer.data(shown, ok ? lines.join('') + policyTable(policies) : lines.join(''));
  if (!ok) {
    const count = `${errors.length} ${errors.length === 1 ? 'error' : 'errors'}`;
    throw new CommandError(exitCodes.failed, `${what} cannot be put in force: ${count}`);
  }
  const tested = tests.length === 0 ? '' : `, ${tests.length} tests passed`;
  answer.say(`${what} is ${good}: ${policies.length} policies${tested}, set ${hash}`);
}

function policyTable(policies: PolicyCheck['policies']): string {
  return table(policies, [
    { title: 'POLICY', cell: ({ id }) => id },
    { title: 'EFFECT', cell: ({ effect }) => effect },
    { title: 'WHERE', cell: ({ where }) => where },
    { title: 'REASON', cell: ({ reason }) => reason ?? '-' },
  ]);
}
