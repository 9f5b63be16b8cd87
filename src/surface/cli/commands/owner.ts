import type { Command as Definition } from 'commander';
import type { Owner } from '../../contract/index.ts';
import { examples, remote } from '../command.ts';
import type { Command } from '../product.ts';
import { table } from '../table.ts';

/** `gatehouse owner …`: the people answerable for agents. Serves A2. */
export function ownerCommands(program: Definition, command: Command): void {
  const group = program.command('owner').description('the people answerable for agents');
  examples(group, 'owner list', 'owner disable ana@example.org');
  const list = group.command('list').description('list them');
  remote(examples(list, 'owner list'), command, async (server, _options, answer) => {
    const { owners } = await server.get<{ owners: Owner[] }>('/v1/owners');
    answer.data(owners, owners.length === 0 ? '' : tableOf(owners));
    if (owners.length === 0) answer.say('no agent is registered yet');
    if (owners.length === 0) answer.next('gatehouse agent create NAME --owner OWNER');
  });
  const disable = group
    .command('disable <owner>')
    .description('stop every agent of a person, with their calls under way, for good');
  examples(disable, 'owner disable ana@example.org');
  remote(disable, command, async (server, _options, answer, name = '') => {
    const owner = await server.post<Owner>(`/v1/owners/${encodeURIComponent(name)}/disable`);
    answer.data(owner, tableOf([owner]));
    const count = owner.agents === 1 ? '1 agent' : `${owner.agents} agents`;
    answer.say(`${count} stopped; calls under way end within a second`);
    answer.next('gatehouse agent list');
  });
}

function tableOf(owners: readonly Owner[]): string {
  return table(owners, [
    { title: 'OWNER', cell: ({ name }) => name },
    { title: 'AGENTS', cell: ({ agents }) => String(agents) },
    { title: 'DISABLED', cell: ({ disabled }) => disabled ?? '-' },
  ]);
}
