import type { Command as Definition } from 'commander';
import type { Agent, IssuedKey, Key } from '../../contract/index.ts';
import { examples, remote, type Shared } from '../command.ts';
import { seconds } from '../duration.ts';
import type { Command } from '../product.ts';
import { readPublicKey } from '../public-key-file.ts';
import { risk } from '../risk.ts';
import { table } from '../table.ts';
import { identityCommands } from './agent-identity.ts';
import { keygenCommand } from './agent-keygen.ts';
import { publicKeyCommands } from './agent-public-key.ts';
import { agentFacts, keyTable, showCommand } from './agent-show.ts';

interface NewOptions extends Shared {
  readonly owner: string;
  readonly purpose?: string;
  readonly tenant?: string;
  readonly risk?: string;
  readonly publicKey?: string;
}

/** `gatehouse agent …`: who may be let in. */
export function agentCommands(program: Definition, command: Command): void {
  const group = program.command('agent').description('register agents and give them keys');
  examples(
    group,
    'agent create support-bot --owner ana@example.org',
    'agent keygen support-bot',
    'agent list',
  );
  createCommand(group, command);
  const list = group.command('list').description('list the agents');
  remote(examples(list, 'agent list'), command, async (server, _options, answer) => {
    const { agents } = await server.get<{ agents: Agent[] }>('/v1/agents');
    answer.data(agents, agents.length === 0 ? '' : tableOf(agents));
    if (agents.length === 0) answer.say('no agent is registered yet');
    if (agents.length === 0) answer.next('gatehouse agent create NAME --owner OWNER');
  });
  showCommand(group, command);
  disableCommand(group, command);
  keyCommand(group, command);
  keygenCommand(group, command);
  revokeCommand(group, command);
  publicKeyCommands(group, command);
  identityCommands(group, command);
  riskCommand(group, command);
}

function createCommand(group: Definition, command: Command): void {
  const create = group.command('create <name>').description('register an agent');
  create.requiredOption('--owner <owner>', 'the person answerable for it');
  create
    .option('--purpose <text>', 'what it is for')
    .option('--tenant <tenant>', 'where it belongs')
    .option('--risk <number>', 'how much harm it could do, 0 to 100')
    .option('--public-key <file>', 'its public key: JWK or PEM');
  examples(
    create,
    'agent create support-bot --owner ana@example.org --purpose "answers tickets"',
    'agent create pay-bot --owner ana@example.org --risk 80 --public-key pay-bot.public.jwk',
  );
  remote<NewOptions>(create, command, async (server, options, answer, name = '') => {
    const { owner, purpose, tenant, publicKey } = options;
    const body = {
      ...{ name, owner, ...(purpose && { purpose }), ...(tenant && { tenant }) },
      ...(options.risk === undefined ? {} : { risk: risk(options.risk) }),
      ...(publicKey === undefined ? {} : { publicKey: readPublicKey(publicKey) }),
    };
    const made = await server.post<Agent>('/v1/agents', body);
    answer.data(made, agentFacts(made));
    if (publicKey === undefined) {
      answer.next(`gatehouse agent keygen ${made.name}`);
      answer.next(`gatehouse agent key ${made.name}   # for first steps`);
    } else answer.next(`gatehouse run --agent ${made.name} -- COMMAND`);
  });
}

function riskCommand(group: Definition, command: Command): void {
  const set = group.command('risk <name> <number>').description('say how much harm it could do');
  examples(set, 'agent risk support-bot 40');
  remote(set, command, async (server, _options, answer, name = '', number = '') => {
    const path = `/v1/agents/${encodeURIComponent(name)}/risk`;
    const changed = await server.post<Agent>(path, { risk: risk(number) });
    answer.data(changed, agentFacts(changed));
    answer.next('gatehouse policy list');
  });
}

function disableCommand(group: Definition, command: Command): void {
  const disable = group
    .command('disable <name>')
    .description('stop an agent for good, with its calls under way');
  examples(disable, 'agent disable support-bot');
  remote(disable, command, async (server, _options, answer, name = '') => {
    const path = `/v1/agents/${encodeURIComponent(name)}/disable`;
    const agent = await server.post<Agent>(path);
    answer.data(agent, agentFacts(agent));
    answer.say('none of its credentials count; its calls under way end within a second');
    answer.next(`gatehouse trace list --agent ${agent.name}`);
  });
}

function keyCommand(group: Definition, command: Command): void {
  const key = group.command('key <name>').description('issue a static key; it is shown this once');
  key.option('--expires <time>', 'how long it counts, such as 90m, 24h or 30d', '24h');
  examples(key, 'agent key support-bot', 'agent key support-bot --expires 30d --json');
  remote<Shared & { expires: string }>(key, command, async (server, options, answer, name = '') => {
    const body = { expiresInSeconds: seconds(options.expires) };
    const path = `/v1/agents/${encodeURIComponent(name)}/keys`;
    const issued = await server.post<IssuedKey>(path, body);
    answer.data(issued, `${issued.secret}\n`);
    answer.say(`key ${issued.id}, until ${issued.expires}; it is not shown again`);
    answer.next(`give it to ${name} as its API key, then: gatehouse trace list --agent ${name}`);
  });
}

function revokeCommand(group: Definition, command: Command): void {
  const revoke = group.command('revoke <key>').description('end a static key, by its id');
  examples(revoke, 'agent revoke key_5f2b8c1d9e0a4b7c6d3e');
  remote(revoke, command, async (server, _options, answer, id = '') => {
    const key = await server.post<Key>(`/v1/keys/${encodeURIComponent(id)}/revoke`);
    answer.data(key, keyTable([key]));
    answer.say(`key ${key.id} no longer counts`);
  });
}

function tableOf(agents: readonly Agent[]): string {
  return table(agents, [
    { title: 'AGENT', cell: ({ name }) => name },
    { title: 'OWNER', cell: ({ owner }) => owner },
    { title: 'TENANT', cell: ({ tenant }) => tenant },
    { title: 'RISK', cell: ({ risk }) => String(risk) },
    { title: 'STATUS', cell: ({ status }) => status },
    { title: 'CREATED', cell: ({ created }) => created },
  ]);
}
