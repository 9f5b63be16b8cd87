import type { Command as Definition } from 'commander';
import type { PublicKey } from '../../contract/index.ts';
import { examples, remote } from '../command.ts';
import type { Command } from '../product.ts';
import { readPublicKey } from '../public-key-file.ts';
import { table } from '../table.ts';

/** `gatehouse agent public-key …`: whoever holds the private half is the agent. Serves A1. */
export function publicKeyCommands(agent: Definition, command: Command): void {
  const group = agent.command('public-key').description('the public keys of an agent');
  examples(
    group,
    'agent public-key add support-bot key.public.jwk',
    'agent public-key list support-bot',
  );
  const add = group.command('add <name> <file>').description('register a public key: JWK or PEM');
  examples(add, 'agent public-key add support-bot key.public.jwk');
  remote(add, command, async (server, _options, answer, name = '', file = '') => {
    const jwk = readPublicKey(file);
    const path = `/v1/agents/${encodeURIComponent(name)}/public-keys`;
    const added = await server.post<PublicKey>(path, { jwk });
    answer.data(added, tableOf([added]));
    answer.next(`gatehouse run --agent ${name} -- COMMAND`);
  });
  const list = group.command('list <name>').description("an agent's public keys");
  examples(list, 'agent public-key list support-bot');
  remote(list, command, async (server, _options, answer, name = '') => {
    const path = `/v1/agents/${encodeURIComponent(name)}/public-keys`;
    const { publicKeys } = await server.get<{ publicKeys: PublicKey[] }>(path);
    answer.data(publicKeys, publicKeys.length === 0 ? '' : tableOf(publicKeys));
    if (publicKeys.length > 0) return;
    answer.say(`agent ${name} has no public key`);
    answer.next(`gatehouse agent keygen ${name}`);
  });
  const revoke = group
    .command('revoke <id>')
    .description("end a key by its thumbprint, and its agent's calls under way");
  // A thumbprint may begin with a hyphen.
  examples(revoke, 'agent public-key revoke -- -FmoNkV8X2xG8b0w6T2S4x1kq0d3zJm1Y5a7c9e1g3i');
  remote(revoke, command, async (server, _options, answer, id = '') => {
    const key = await server.post<PublicKey>(`/v1/public-keys/${encodeURIComponent(id)}/revoke`);
    answer.data(key, tableOf([key]));
    answer.say(`key ${key.id} no longer counts`);
  });
}

function tableOf(keys: readonly PublicKey[]): string {
  return table(keys, [
    { title: 'PUBLIC KEY', cell: ({ id }) => id },
    { title: 'KIND', cell: kindOf },
    { title: 'CREATED', cell: ({ created }) => created },
    { title: 'REVOKED', cell: ({ revoked }) => revoked ?? '-' },
  ]);
}

function kindOf({ jwk: { kty, crv } }: PublicKey): string {
  return typeof crv === 'string' ? crv : String(kty);
}
