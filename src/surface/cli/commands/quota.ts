import type { Command as Definition } from 'commander';
import type { Standing } from '../../contract/index.ts';
import { dollars, grouped } from '../../story/index.ts';
import { type Answering, examples, remote, type Shared } from '../command.ts';
import type { Command } from '../product.ts';
import { table } from '../table.ts';

interface Filters extends Shared {
  readonly quota?: string;
  readonly holder?: string;
  readonly limit?: string;
  readonly after?: string;
}

/** `gatehouse quota …`: what is used and reserved. Serves M5. */
export function quotaCommands(program: Definition, command: Command): void {
  const group = program.command('quota').description('see how far quotas are used');
  examples(group, 'quota list', 'quota list --holder support-bot');
  const list = group.command('list').description('how each quota stands, the most used first');
  list
    .option('--quota <id>', 'one quota')
    .option('--holder <name>', 'one agent, owner, tenant or model')
    .option('--limit <count>', 'how many, 100 unless told')
    .option('--after <place>', 'the page after this place');
  examples(list, 'quota list', 'quota list --quota agent-daily --holder support-bot');
  remote<Filters>(list, command, async (server, options, answer) => {
    const query = new URLSearchParams();
    for (const name of ['quota', 'holder', 'limit', 'after'] as const) {
      const value = options[name];
      if (value !== undefined) query.set(name, value);
    }
    const page = await server.get<{ quotas: Standing[]; next: string | null }>(
      `/v1/quotas?${query}`,
    );
    const sorted = [...page.quotas].sort((a, b) => share(b) - share(a));
    answer.data(page, sorted.length === 0 ? '' : tableOf(sorted, answer));
    if (sorted.length === 0) answer.say('nothing is used or reserved of any quota that fits');
    if (page.next !== null) answer.next(`gatehouse quota list --after ${page.next}`);
  });
}

function tableOf(quotas: readonly Standing[], { paint }: Answering): string {
  return table(quotas, [
    { title: 'QUOTA', cell: ({ quota }) => quota },
    { title: 'HOLDER', cell: holderOf },
    { title: 'USE', cell: bar, paint: (one, text) => paint.level(condition(one), text) },
    { title: 'USED', cell: (one) => amount(one, one.used) },
    { title: 'RESERVED', cell: (one) => amount(one, one.reserved) },
    { title: 'LIMIT', cell: (one) => amount(one, one.limit) },
    { title: 'ENDS', cell: ({ ends }) => ends ?? 'never' },
  ]);
}

function holderOf({ of, holder }: Standing): string {
  return of === 'everyone' ? 'everyone' : `${of} ${holder}`;
}

const width = 10;

/** `[####++....]  60%`: `#` is used, `+` reserved. What is used at all shows. */
function bar({ used, reserved, limit }: Standing): string {
  const cells = (part: number) => {
    return part <= 0 ? 0 : Math.max(1, Math.round(width * Math.min(1, part / limit)));
  };
  const full = limit <= 0 ? width : Math.min(width, cells(used));
  const held = Math.min(width - full, cells(reserved));
  const free = width - full - held;
  const percent = `${Math.floor(Math.min(9.99, share({ used, reserved, limit })) * 100)}%`;
  return `[${'#'.repeat(full)}${'+'.repeat(held)}${'.'.repeat(free)}] ${percent.padStart(4)}`;
}

function share({ used, reserved, limit }: Pick<Standing, 'used' | 'reserved' | 'limit'>): number {
  return limit <= 0 ? 1 : (used + reserved) / limit;
}

function condition(one: Standing): 'ok' | 'degraded' | 'down' {
  const used = share(one);
  return used >= 1 ? 'down' : used >= 0.8 ? 'degraded' : 'ok';
}

/** An amount in the words of its unit. */
function amount({ unit }: Standing, value: number): string {
  if (unit === 'USD') return dollars(value);
  const noun = { requests: 'request', tokens: 'token', 'calls at a time': 'call' }[unit];
  return `${grouped(value)} ${noun}${value === 1 ? '' : 's'}`;
}
