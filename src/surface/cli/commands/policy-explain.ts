import { type Command as Definition, Option } from 'commander';
import { credentialKinds, type ExplainAsked, type Explained } from '../../contract/index.ts';
import { type Answering, examples, remote, type Shared } from '../command.ts';
import { count } from '../count.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { Command } from '../product.ts';
import { printable } from '../terminal.ts';

interface Options extends Shared {
  readonly agent?: string;
  readonly model?: string;
  readonly tool?: string;
  readonly feature?: readonly string[];
  readonly label?: readonly string[];
  readonly scope?: readonly string[];
  readonly credential: (typeof credentialKinds)[number];
  readonly bound?: boolean;
  readonly actingFor?: string;
  readonly tokens?: string;
  readonly cost?: string;
}

const more = (value: string, before: readonly string[] = []) => [...before, value];

/** `gatehouse policy explain`: why a call is decided as it is. Serves A2. */
export function explainCommand(group: Definition, command: Command): void {
  const explain = group
    .command('explain [trace]')
    .description('why a past or supposed call is decided as it is, and what would change that')
    .option('--agent <name>', 'suppose a call of this agent')
    .option('--model <id>', 'to this model version, or alias')
    .option('--tool <name>', 'or to this tool')
    .option('--feature <name>', 'that makes use of this; may be repeated', more)
    .option('--label <label>', 'with content of this label; may be repeated', more)
    .addOption(
      new Option('--credential <kind>', 'how the agent proves who it is')
        .choices(credentialKinds)
        .default('at+jwt'),
    )
    .option('--bound', 'and that it holds a key')
    .option('--scope <scope>', 'what the credential is good for; may be repeated', more)
    .option('--acting-for <person>', 'the person that it acts for')
    .option('--tokens <count>', 'the most tokens that it may take')
    .option('--cost <count>', 'the most that it may cost, in millionths of a US dollar');
  examples(
    explain,
    'policy explain 0198f0c1b2a37c5e9d8f7a6b5c4d3e2f',
    'policy explain --agent support-bot --model tour --feature logprobs',
  );
  remote<Options>(explain, command, async (server, options, answer, trace) => {
    const asked = trace === undefined ? supposed(options) : past(trace, options);
    const told = await server.post<Explained>('/v1/policies/explain', asked);
    answer.data(told, text(told, answer));
    const denied = told.questions.some(({ decision }) => decision !== 'allow');
    if (denied) answer.next('change a policy, then: gatehouse policy replay --since 7d');
  });
}

function past(trace: string, { agent, model, tool }: Options): ExplainAsked {
  if (agent !== undefined || model !== undefined || tool !== undefined) {
    const message = 'name a trace, or suppose a call with --agent, and not both';
    throw new CommandError(exitCodes.local, message);
  }
  if (/^[0-9a-f]{32}$/.test(trace)) return { trace };
  const message = `\`${trace}\` is no trace; \`gatehouse trace list\` shows them`;
  throw new CommandError(exitCodes.local, message);
}

function supposed(options: Options): ExplainAsked {
  const { agent, model, tool, feature, label, scope, credential, bound, actingFor } = options;
  if (agent === undefined || (model === undefined) === (tool === undefined)) {
    const message = 'name a trace, or --agent with --model or --tool';
    throw new CommandError(exitCodes.local, message);
  }
  const counts = Object.fromEntries(
    (['tokens', 'cost'] as const).flatMap((name) => {
      const value = options[name];
      return value === undefined ? [] : [[name, count(value, 0)]];
    }),
  );
  return {
    agent,
    ...(model === undefined ? {} : { model }),
    ...(tool === undefined ? {} : { tool }),
    features: [...(feature ?? [])],
    labels: [...(label ?? [])],
    credential,
    bound: bound === true,
    ...(scope === undefined ? {} : { scopes: [...scope] }),
    ...(actingFor === undefined ? {} : { actingFor }),
    ...counts,
  };
}

function text({ set, recorded, questions, beside }: Explained, answer: Answering): string {
  const then = recorded === null ? '' : `${history(recorded, set)}\n`;
  const more = beside.map((one) => `\nbeside the policies: ${printable(one)}\n`).join('');
  return then + questions.map((one) => explained(one, answer)).join('\n') + more;
}

function history(recorded: NonNullable<Explained['recorded']>, set: string): string {
  const { at, set: before, findings } = recorded;
  const same = before === set;
  const which = same ? 'the set that is in force' : 'another set than the one in force, below';
  const said = findings.map(({ stage, level, reason }) => `  ${stage}: ${level}: ${reason}\n`);
  const all = said.length === 0 ? '  the policies let it pass\n' : said.join('');
  return `decided ${at} under ${before === null ? 'a set that is not recorded' : which}:\n${printed(all)}`;
}

function explained(one: Explained['questions'][number], { paint }: Answering): string {
  const { action, resource, decision, by, policies, changes } = one;
  const level = decision === 'error' ? 'deny' : decision;
  const why = by.length === 0 ? 'by default: no policy permits it' : `by ${by.join(', ')}`;
  const stripped = action === 'see_feedback' && level === 'deny' ? ' (stripped, not refused)' : '';
  const what = printable(`${action} ${resource.type} ${resource.id}`);
  const head = `${paint.bold(what)}: ${paint.level(level)} ${printable(why)}${stripped}\n`;
  const list = policies.map((policy) => {
    const { id, effect, where, reason, matches, conditions } = policy;
    const state = matches === null ? 'failed' : matches ? 'matches' : 'does not match';
    const said = reason === null ? '' : `\n      says: ${printable(reason)}`;
    const tests = conditions.map(({ part, text: demand, met }) => {
      const mark = met === null ? '?' : met ? 'x' : ' ';
      return `      [${mark}] ${printable(`${part}: ${demand}`)}\n`;
    });
    return `  ${effect} ${printable(id)} (${printable(where)}) ${state}${said}\n${tests.join('')}`;
  });
  const ways = changes.map((way) => `  - ${printable(way)}\n`);
  const end = ways.length === 0 ? '' : `  what would change it:\n${ways.join('')}`;
  return head + list.join('') + end;
}

function printed(lines: string): string {
  return lines.split('\n').map(printable).join('\n');
}
