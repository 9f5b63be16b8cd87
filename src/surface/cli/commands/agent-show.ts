import type { Command as Definition } from 'commander';
import type { Agent, Key, Privilege, Privileges } from '../../contract/index.ts';
import { type Answering, examples, remote } from '../command.ts';
import type { Command } from '../product.ts';
import { facts, table } from '../table.ts';

/** `gatehouse agent show NAME`: what it may do beside what it did, and its keys. Serves A2. */
export function showCommand(group: Definition, command: Command): void {
  const show = group.command('show <name>').description('what an agent may do, and what it did');
  examples(show, 'agent show support-bot', 'agent show support-bot --json');
  remote(show, command, async (server, _options, answer, name = '') => {
    const path = `/v1/agents/${encodeURIComponent(name)}`;
    const agent = await server.get<Agent>(path);
    const { keys } = await server.get<{ keys: Key[] }>(`${path}/keys`);
    const seen = await server.get<Privileges>(`${path}/privileges`);
    const listed = keys.length === 0 ? '' : `\n${keyTable(keys)}`;
    const text = `${agentFacts(agent)}\n${privilegeTable(seen, answer)}${listed}`;
    answer.data({ ...agent, keys, privileges: seen }, text);
    if (agent.status === 'disabled') {
      answer.say('it is disabled: none of its credentials count, whatever policies say');
      return;
    }
    if (seen.unused > 0) tellUnused(seen, answer);
    if (keys.length === 0) answer.next(`gatehouse agent key ${agent.name}`);
  });
}

/** An agent, for people. */
export function agentFacts({ name, id, owner, purpose, tenant, risk, status, created }: Agent) {
  return facts([
    ['agent', name],
    ['id', id],
    ['owner', owner],
    ['purpose', purpose],
    ['tenant', tenant],
    ['risk', String(risk)],
    ['status', status],
    ['created', created],
  ]);
}

export function keyTable(keys: readonly Key[]): string {
  return table(keys, [
    { title: 'KEY', cell: ({ id }) => id },
    { title: 'EXPIRES', cell: ({ expires }) => expires },
    { title: 'REVOKED', cell: ({ revoked }) => revoked ?? '-' },
  ]);
}

function privilegeTable({ privileges }: Privileges, { paint }: Answering): string {
  return table(privileges, [
    { title: 'RESOURCE', cell: ({ resource }) => resource },
    { title: 'MAY', cell: mayOf, paint: (row, text) => paint.level(colour(row), text) },
    { title: 'DID', cell: didOf },
  ]);
}

function mayOf({ may, by }: Privilege): string {
  if (may === null) return 'not listed';
  const why = by.length === 0 ? 'by default' : `by ${by.join(', ')}`;
  return may ? `yes, ${why}` : `no, ${why}`;
}

function didOf({ recent, refused, calls, last, unused }: Privilege): string {
  const refusals = refused === 0 ? '' : `, ${refused} refused`;
  if (calls === 0) return `${unused ? 'never used' : 'nothing'}${refusals}`;
  const when = `last ${last?.slice(0, 10) ?? 'unknown'}`;
  if (recent === 0)
    return `${unused ? 'unused for 30 days' : 'nothing in 30 days'}, ${when}${refusals}`;
  return `${recent} in 30 days, ${when}${refusals}`;
}

function colour({ may, unused }: Privilege): string {
  if (may !== true) return '';
  return unused ? 'amend' : 'allow';
}

function tellUnused({ unused, narrower, agent }: Privileges, answer: Answering): void {
  const grants = `${unused} ${unused === 1 ? 'grant is' : 'grants are'} unused for 30 days or more`;
  answer.say(`${grants}. this policy takes them away:\n\n${narrower ?? ''}`);
  answer.next(`save it as policies/${agent}.cedar, then: gatehouse policy replay --since 30d`);
}
