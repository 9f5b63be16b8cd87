import type { Command as Definition } from 'commander';
import type { Block, Trace, TraceSummary } from '../../contract/index.ts';
import { type Answering, examples, remote, type Shared } from '../command.ts';
import type { Command } from '../product.ts';
import { facts, table } from '../table.ts';
import { printable } from '../terminal.ts';

interface Filters extends Shared {
  readonly agent?: string;
  readonly model?: string;
  readonly verdict?: string;
  readonly limit?: string;
  readonly before?: string;
}

/** `gatehouse trace …`: what happened. Serves A4 and E5. */
export function traceCommands(program: Definition, command: Command): void {
  const group = program.command('trace').description('see the calls on record');
  examples(group, 'trace list', 'trace list --verdict deny', 'trace show TRACE');
  const list = group.command('list').description('list the calls, the newest first');
  list
    .option('--agent <agent>', 'of one agent, by name or id')
    .option('--model <model>', 'of one model, as asked for or exact')
    .option('--verdict <verdict>', 'allow, amend, hold or deny')
    .option('--limit <count>', 'how many, 20 unless told')
    .option('--before <index>', 'older than this place in the log');
  examples(list, 'trace list', 'trace list --agent support-bot --verdict deny --limit 5');
  remote<Filters>(list, command, async (server, options, answer) => {
    const query = new URLSearchParams();
    for (const name of ['agent', 'model', 'verdict', 'limit', 'before'] as const) {
      const value = options[name];
      if (value !== undefined) query.set(name, value);
    }
    const page = await server.get<{ traces: TraceSummary[]; next: number | null }>(
      `/v1/traces?${query}`,
    );
    answer.data(page, page.traces.length === 0 ? '' : tableOf(page.traces, answer));
    const [first] = page.traces;
    if (first === undefined) answer.say('no call fits');
    else answer.next(`gatehouse trace show ${first.trace}`);
    if (page.next !== null) answer.next(`gatehouse trace list --before ${page.next}`);
  });
  const show = group.command('show <trace>').description('tell one call');
  examples(show, 'trace show 0198f0c1b2a37c5e9d8f7a6b5c4d3e2f');
  remote(show, command, async (server, _options, answer, id = '') => {
    const trace = await server.get<Trace>(`/v1/traces/${encodeURIComponent(id)}`);
    answer.data(trace, told(trace, answer));
    answer.next(`gatehouse export --trace ${trace.summary.trace}`);
  });
}

function tableOf(traces: readonly TraceSummary[], { paint }: Answering): string {
  return table(traces, [
    { title: 'WHEN', cell: ({ at }) => at },
    {
      title: 'VERDICT',
      cell: ({ level }) => level,
      paint: ({ level }, text) => paint.level(level, text),
    },
    { title: 'OUTCOME', cell: ({ outcome }) => outcome },
    { title: 'AGENT', cell: ({ agent }) => agent },
    { title: 'MODEL', cell: ({ served, asked }) => served ?? asked },
    { title: 'MS', cell: ({ ms }) => (ms === null ? '-' : String(ms)) },
    { title: 'TRACE', cell: ({ trace }) => trace },
  ]);
}

function told({ summary, path, entries }: Trace, { paint }: Answering): string {
  const sentence = `${printable(summary.story)}\n\n`;
  const names = { input: 'input', model: 'model version', output: 'output', action: 'action' };
  const blocks = path.map((block) => {
    const level = paint.level(block.level ?? '', (block.level ?? '-').padEnd(5));
    const head = `${paint.bold(names[block.block].padEnd(13))}  ${level}  ${printable(block.text)}\n`;
    return head + details(block);
  });
  const indexes = entries.map(({ index }) => index).join(', ');
  const end: (readonly [string, string])[] = [
    ['trace', summary.trace],
    ['began', summary.at],
    ['entries', `${indexes} of the log`],
  ];
  return `${sentence}${blocks.join('')}\n${facts(end)}`;
}

function details(block: Block): string {
  const pad = ' '.repeat(22);
  const lines = [
    ...block.masks.map(({ path, labels }) => `masked ${labels} at ${path}`),
    ...block.findings.map(({ control, mode, level, code, reason }) => {
      const seen = mode === 'observe' ? ' (observed only)' : '';
      return `${control}: ${level}${seen}: ${reason || code}`;
    }),
    ...block.bodies.map(({ role, bytes, commitment }) => {
      return `body ${role}, ${bytes} bytes, commitment ${commitment}`;
    }),
  ];
  return lines.map((line) => `${pad}${printable(line)}\n`).join('');
}
