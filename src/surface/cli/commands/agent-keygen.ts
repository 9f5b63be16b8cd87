import { resolve } from 'node:path';
import type { Command as Definition } from 'commander';
import type { PublicKey } from '../../contract/index.ts';
import {
  agentKeyPath,
  newSigningKey,
  publicKeyPath,
  readSigningKey,
  writeSigningKey,
} from '../../sidecar/agent-key.ts';
import { examples, remote, type Shared } from '../command.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { Command } from '../product.ts';
import type { Server } from '../server.ts';
import { facts } from '../table.ts';

interface KeygenOptions extends Shared {
  readonly out?: string;
  readonly register?: boolean;
}

/** `gatehouse agent keygen`: the key with which an agent proves who it is. */
export function keygenCommand(group: Definition, command: Command): void {
  const keygen = group
    .command('keygen <name>')
    .description("make an agent's private key, and register its public half")
    .option('--out <file>', 'where the key goes (~/.gatehouse/agents/NAME.jwk)')
    .option('--register', 'register the key that is there already');
  examples(keygen, 'agent keygen support-bot', 'agent keygen support-bot --register');
  remote<KeygenOptions>(keygen, command, async (server, options, answer, name = '') => {
    const usual = agentKeyPath(command.env, name);
    const file = options.out === undefined ? usual : resolve(options.out);
    const key = options.register === true ? readSigningKey(file, name) : newSigningKey();
    if (options.register !== true) writeSigningKey(file, key);
    const { jwk } = key;
    // INVARIANT: the private half goes into its file and nowhere else.
    const path = `/v1/agents/${encodeURIComponent(name)}/public-keys`;
    const there = options.register === true && (await registered(server, path, jwk.kid));
    const post = there ? Promise.resolve() : server.post(path, { jwk });
    const failed = await post.then(
      () => null,
      (error: unknown) => error,
    );
    if (failed !== null && options.register === true) throw failed;
    const made = { key: file, public: publicKeyPath(file), kid: jwk.kid, registered: !failed };
    answer.data(
      made,
      facts([
        ['key', made.key],
        ['public', made.public],
        ['kid', made.kid],
        ['registered', made.registered ? 'yes' : 'no'],
      ]),
    );
    const place = options.out === undefined ? '' : ` --out ${options.out}`;
    if (failed !== null) {
      answer.next(`gatehouse agent keygen ${name}${place} --register`);
      const { message } = failed as Error;
      throw new CommandError(exitCodes.remote, `the key is made, but not registered: ${message}`);
    }
    answer.next(`gatehouse run --agent ${name}${place.replace('--out', '--key')} -- COMMAND`);
  });
}

/** Whether the key counts for this agent already: to register it again is no mistake. */
async function registered(server: Server, path: string, id: string): Promise<boolean> {
  const { publicKeys } = await server.get<{ publicKeys: PublicKey[] }>(path);
  return publicKeys.some((key) => key.id === id && key.revoked === null);
}
