import type { Command as Definition } from 'commander';
import type { Identity } from '../../contract/index.ts';
import { examples, remote, type Shared } from '../command.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { Command } from '../product.ts';
import { table } from '../table.ts';

interface AddOptions extends Shared {
  readonly spiffe?: string;
  readonly oidc?: string;
  readonly subject?: string;
  readonly claim: readonly string[];
}

/** `gatehouse agent identity …`: identities elsewhere that stand for an agent. Serves A1. */
export function identityCommands(agent: Definition, command: Command): void {
  const group = agent
    .command('identity')
    .description('identities elsewhere that stand for an agent');
  const github = '--oidc https://token.actions.githubusercontent.com --claim repository=acme/desk';
  const shown = [
    'agent identity add support-bot --spiffe spiffe://example.org/support',
    `agent identity add deploy-bot ${github}`,
  ];
  examples(group, ...shown, 'agent identity list support-bot');
  const add = group.command('add <name>').description('let an identity elsewhere stand for it');
  add
    .option('--spiffe <id>', 'the exact SPIFFE ID, spiffe://trust-domain/path')
    .option('--oidc <issuer>', 'the exact `iss` of its tokens')
    .option('--subject <sub>', 'with --oidc: the exact `sub`')
    .option(
      '--claim <name=value>',
      'with --oidc: a claim that must be so; again for more',
      gather,
      [],
    );
  remote<AddOptions>(
    examples(add, ...shown),
    command,
    async (server, options, answer, name = '') => {
      const path = `/v1/agents/${encodeURIComponent(name)}/identities`;
      const added = await server.post<Identity>(path, identityOf(options));
      answer.data(added, tableOf([added]));
      answer.next(`gatehouse agent identity list ${name}`);
    },
  );
  const list = group.command('list <name>').description('the identities that stand for an agent');
  examples(list, 'agent identity list support-bot');
  remote(list, command, async (server, _options, answer, name = '') => {
    const path = `/v1/agents/${encodeURIComponent(name)}/identities`;
    const { identities } = await server.get<{ identities: Identity[] }>(path);
    answer.data(identities, identities.length === 0 ? '' : tableOf(identities));
    if (identities.length > 0) return;
    answer.say(`no identity elsewhere stands for agent ${name}`);
    answer.next(`gatehouse agent identity add ${name} --spiffe spiffe://TRUST-DOMAIN/PATH`);
  });
  const revoke = group
    .command('revoke <id>')
    .description("end an identity by its id, and its agent's calls under way");
  examples(revoke, 'agent identity revoke idn_5f2b8c1d9e0a4b7c6d3e');
  remote(revoke, command, async (server, _options, answer, id = '') => {
    const ended = await server.post<Identity>(`/v1/identities/${encodeURIComponent(id)}/revoke`);
    answer.data(ended, tableOf([ended]));
    answer.say(`identity ${ended.id} no longer counts`);
  });
}

function gather(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function identityOf({ spiffe, oidc, subject, claim }: AddOptions): object {
  if ((spiffe === undefined) === (oidc === undefined)) {
    throw wrong('say which identity: either --spiffe ID or --oidc ISSUER');
  }
  if (oidc !== undefined) {
    return { kind: 'oidc', issuer: oidc, subject: subject ?? null, claims: claimsOf(claim) };
  }
  if (subject !== undefined || claim.length > 0) {
    throw wrong('a SPIFFE ID says it all; leave --subject and --claim out');
  }
  if (!/^spiffe:\/\/[^/]+\/./.test(spiffe ?? '')) {
    throw wrong(`\`${spiffe}\` is no SPIFFE ID; write spiffe://trust-domain/path`);
  }
  return { kind: 'spiffe', subject: spiffe };
}

function claimsOf(claims: readonly string[]): Record<string, string> {
  const pairs = claims.map((claim) => {
    const at = claim.indexOf('=');
    if (at < 1) throw wrong(`\`${claim}\` is no claim; write --claim name=value`);
    return [claim.slice(0, at), claim.slice(at + 1)] as const;
  });
  const twice = pairs.find(([name], i) => pairs.findIndex(([other]) => other === name) !== i);
  if (twice !== undefined) throw wrong(`claim \`${twice[0]}\` is given twice; give it once`);
  return Object.fromEntries(pairs);
}

function wrong(message: string): CommandError {
  return new CommandError(exitCodes.local, message);
}

function tableOf(identities: readonly Identity[]): string {
  return table(identities, [
    { title: 'IDENTITY', cell: ({ id }) => id },
    { title: 'KIND', cell: ({ kind }) => kind },
    { title: 'ISSUER', cell: ({ issuer }) => issuer },
    { title: 'SUBJECT', cell: ({ subject }) => subject ?? '-' },
    { title: 'CLAIMS', cell: ({ claims }) => claimsShown(claims) },
    { title: 'REVOKED', cell: ({ revoked }) => revoked ?? '-' },
  ]);
}

function claimsShown(claims: Identity['claims']): string {
  const shown = Object.entries(claims).map(([name, value]) => `${name}=${value}`);
  return shown.length === 0 ? '-' : shown.join(' ');
}
