import type { Command as Definition } from 'commander';
import type { RevokedToken, SigningKeyList } from '../../contract/index.ts';
import { examples, remote, type Shared } from '../command.ts';
import type { Command } from '../product.ts';
import { facts, table } from '../table.ts';

interface RevokeOptions extends Shared {
  readonly expires?: string;
}

/** `gatehouse token …`: tokens that end early, and the keys that sign them. Serves A1. */
export function tokenCommands(program: Definition, command: Command): void {
  const group = program
    .command('token')
    .description('revoke tokens, and see the keys that sign them');
  examples(group, 'token revoke JTI', 'token keys', 'token rotate');
  const revoke = group
    .command('revoke <jti>')
    .description('end a token and all that was exchanged from it, by its id on the record');
  revoke.option('--expires <time>', 'when it ends by itself (ISO 8601), if that is known');
  examples(revoke, 'token revoke 4b1f0c5e9d8a7f6b');
  remote<RevokeOptions>(revoke, command, async (server, { expires }, answer, id = '') => {
    const path = `/v1/tokens/${encodeURIComponent(id)}/revoke`;
    const ended = await server.post<RevokedToken>(path, expires === undefined ? {} : { expires });
    answer.data(
      ended,
      facts([
        ['token', ended.id],
        ['revoked', ended.revoked],
        ['kept until', ended.expires],
      ]),
    );
    answer.say(`token ${ended.id} no longer counts; calls under way end within a second`);
  });
  const keys = group.command('keys').description('the keys that tokens verify with');
  remote(examples(keys, 'token keys'), command, async (server, _options, answer) => {
    const set = await server.get<SigningKeyList>('/v1/signing-keys');
    answer.data(set, tableOf(set.keys));
  });
  const rotate = group
    .command('rotate')
    .description('sign with a new key; tokens of the old one count until they end');
  remote(examples(rotate, 'token rotate'), command, async (server, _options, answer) => {
    const { id } = await server.post<{ id: string }>('/v1/signing-keys/rotate');
    answer.data({ id }, `${id}\n`);
    answer.say('it signs from now on; tokens of the old key count until they end');
    answer.next('gatehouse token keys');
  });
}

function tableOf(keys: SigningKeyList['keys']): string {
  return table(keys, [
    { title: 'KEY', cell: ({ kid }) => String(kid) },
    { title: 'ALGORITHM', cell: ({ alg }) => String(alg) },
  ]);
}
