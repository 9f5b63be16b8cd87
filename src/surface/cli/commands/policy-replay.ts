import type { Command as Definition } from 'commander';
import { readSources } from '../../../policy/index.ts';
import type { ReplayAsked, Replayed, ReplayLine } from '../../contract/index.ts';
import { type Answering, examples, remote, type Shared } from '../command.ts';
import { count } from '../count.ts';
import { seconds } from '../duration.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { Command } from '../product.ts';
import { table } from '../table.ts';

interface Options extends Shared {
  readonly since: string;
  readonly dir?: string;
  readonly limit: string;
}

/** `gatehouse policy replay`: the recorded past, decided anew. Exit code 3: something would differ. */
export function replayCommand(
  group: Definition,
  command: Command,
  ended: (code: number) => void,
): void {
  const replay = group
    .command('replay')
    .description('decide the recorded past anew under a changed set, and list what would differ')
    .option('--since <time>', 'how far back, such as 12h or 7d', '7d')
    .option('--dir <folder>', 'the changed set; the configured folder unless told')
    .option('--limit <count>', 'how many kinds of differences to list', '50')
    .addHelpText('after', '\nExit code 0: nothing would differ. 3: something would.');
  examples(replay, 'policy replay --since 7d', 'policy replay --since 30d --dir ./policies --json');
  remote<Options>(replay, command, async (server, options, answer) => {
    const sources = readSources(options.dir ?? command.product.config().policyFolder);
    const since = new Date(command.clock.now() - seconds(options.since) * 1_000).toISOString();
    const body: ReplayAsked = { sources, since, limit: count(options.limit, 1, 1_000) };
    const shown = command.terminal.errIsTerminal && options.json !== true;
    let result: Replayed | null = null;
    for await (const line of server.lines<ReplayLine>('/v1/policies/replay', body)) {
      if ('error' in line) throw new CommandError(exitCodes.remote, line.error.message);
      if ('result' in line) result = line.result;
      else if (shown) command.terminal.err(`\r${line.done} of ${line.total} entries`);
    }
    if (shown) command.terminal.err('\r\x1b[K');
    if (result === null) throw new CommandError(exitCodes.remote, 'the server ended too early');
    tell(result, answer);
    if (result.differing > 0) ended(exitCodes.failed);
  });
}

function tell(result: Replayed, answer: Answering): void {
  const { decisions, differing, undecided, differences, unlisted, candidate, inForce } = result;
  answer.data(result, differences.length === 0 ? '' : differenceTable(result, answer));
  for (const { lacks, count: some } of undecided) {
    answer.say(`${some} could not be decided anew: the record does not say ${lacks}`);
  }
  if (unlisted > 0) answer.say(`${unlisted} more differences are of kinds that are not listed`);
  if (candidate === inForce) answer.say('the set is the one in force');
  answer.say(
    `${differing === 0 ? 'none' : differing} of ${decisions} recorded decisions would go another way`,
  );
  if (differing === 0 && candidate !== inForce) answer.next('gatehouse policy reload');
}

function differenceTable({ differences }: Replayed, { paint }: Answering): string {
  const by = (ids: readonly string[] | null) => {
    if (ids === null) return '';
    return ids.length === 0 ? ' by default' : ` by ${ids.join(', ')}`;
  };
  return table(differences, [
    { title: 'AGENT', cell: ({ agent }) => agent },
    { title: 'ACTION', cell: ({ action }) => action },
    { title: 'RESOURCE', cell: ({ resource }) => resource },
    {
      title: 'WAS',
      cell: ({ was, before }) => was + by(before),
      paint: ({ was }, text) => paint.level(was, text),
    },
    {
      title: 'WOULD BE',
      cell: ({ wouldBe, after }) => wouldBe + by(after),
      paint: ({ wouldBe }, text) => paint.level(wouldBe, text),
    },
    { title: 'COUNT', cell: (row) => String(row.count) },
    { title: 'FIRST', cell: ({ first }) => first },
    { title: 'LAST', cell: ({ last }) => last },
    { title: 'TRACE', cell: ({ trace }) => trace },
  ]);
}
