import { readFileSync } from 'node:fs';
import type { Command as Definition } from 'commander';
import { isLoopback } from '../../../gateway/index.ts';
import { GatehouseError } from '../../../kernel/index.ts';
import { agentKeyPath, readSigningKey } from '../../sidecar/agent-key.ts';
import type { User } from '../../sidecar/child.ts';
import { runAgent } from '../../sidecar/run-agent.ts';
import { examples } from '../command.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { Command } from '../product.ts';
import { printable } from '../terminal.ts';

interface RunOptions {
  readonly agent: string;
  readonly key?: string;
  readonly gateway?: string;
  readonly user?: string;
  readonly quiet?: boolean;
}

/** `gatehouse run`: a program in an agent's name, which never holds a credential. */
export function runCommand(
  program: Definition,
  command: Command & { readonly argv: readonly string[] },
  ended: (code: number) => void,
): void {
  const run = program
    .command('run')
    .description('run a program as an agent; it never holds a credential')
    .usage('--agent <name> [options] -- <command> [arguments...]')
    .argument('<command...>', 'the program and its arguments, after `--`')
    .requiredOption('--agent <name>', 'in whose name it calls')
    .option('--key <file>', "the agent's private key (~/.gatehouse/agents/NAME.jwk)")
    .option('--gateway <url>', 'address of the gateway (GATEHOUSE_GATEWAY_URL)')
    .option('--user <uid[:gid]>', 'run it as a user who cannot read the key; only root can')
    .option('--quiet', 'say nothing at the start');
  examples(
    run,
    'run --agent support-bot -- python3 bot.py',
    'run --agent support-bot --gateway https://gatehouse.example.org -- node bot.mjs',
  );
  run.action(async (words: string[], options: RunOptions) => {
    ended(await started(command, afterDashes(command.argv, words), options));
  });
}

function started(
  command: Command,
  words: readonly [string, ...string[]],
  options: RunOptions,
): Promise<number> {
  const { terminal, env, call, clock, random } = command;
  const { agent, quiet = false } = options;
  const key = readSigningKey(options.key ?? agentKeyPath(env, agent), agent);
  const gateway = gatewayOf(command, options.gateway);
  const say = (line: string) => terminal.err(`gatehouse: ${printable(line)}\n`);
  const ready = (sidecar: string) => {
    if (!quiet) say(`agent \`${agent}\` calls \`${gateway}\` by way of ${sidecar}`);
  };
  return runAgent({
    agent,
    key,
    gateway,
    words,
    env,
    user: options.user === undefined ? undefined : userOf(options.user),
    upstreamKeys: upstreamKeys(command),
    terminal: terminal.outIsTerminal || terminal.errIsTerminal,
    call,
    clock,
    random,
    log: say,
    ready,
  }).catch((error: unknown) => {
    throw asEnding(error);
  });
}

/** The program's words. Without `--` its options would be read as ours. */
function afterDashes(
  argv: readonly string[],
  words: readonly string[],
): readonly [string, ...string[]] {
  const [first, ...rest] = words;
  if (first === undefined || argv.at(-words.length - 1) !== '--') {
    const message = 'put `--` before the program: gatehouse run --agent NAME -- COMMAND';
    throw new CommandError(exitCodes.local, message);
  }
  return [first, ...rest];
}

/**
 * The gateway's address: `--gateway`, else GATEHOUSE_GATEWAY_URL, else the one that runs here.
 *
 * INVARIANT: no token and no prompt goes over plain HTTP off loopback.
 */
function gatewayOf({ env, product }: Command, given: string | undefined): string {
  const url = given ?? env['GATEHOUSE_GATEWAY_URL'] ?? runningGateway(product.controlFile());
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    const message = `\`${url}\` is no address of a gateway; write http(s)://HOST:PORT`;
    throw new CommandError(exitCodes.local, message);
  }
  const { protocol, hostname, origin, pathname, username, password } = new URL(url);
  if (username !== '' || password !== '') {
    throw new CommandError(exitCodes.local, "the gateway's address holds a password; leave it out");
  }
  if (pathname !== '/') {
    throw new CommandError(exitCodes.local, `\`${url}\` has a path; write ${origin}`);
  }
  if (protocol === 'http:' && !isLoopback(hostname.replace(/^\[|\]$/g, ''))) {
    const message = `\`${url}\` would send tokens in the clear; use https`;
    throw new CommandError(exitCodes.local, message);
  }
  return origin;
}

/** A user by numbers: Node knows no names of users. */
function userOf(text: string): User {
  const [, uid, gid = uid] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(text) ?? [];
  if (uid === undefined) {
    const message = `\`${text}\` is no user; write UID or UID:GID, as \`id\` shows them`;
    throw new CommandError(exitCodes.local, message);
  }
  return { uid: Number(uid), gid: Number(gid) };
}

function runningGateway(file: string): string {
  try {
    const { gateway } = JSON.parse(readFileSync(file, 'utf8')) as { gateway?: unknown };
    if (typeof gateway === 'string') return gateway;
  } catch {
    // No such file: it does not run here.
  }
  const mend = 'start it with `gatehouse start`, or pass --gateway';
  throw new CommandError(exitCodes.remote, `no gateway runs on this machine's data; ${mend}`);
}

/** The variables that the configuration of this machine takes upstreams' keys from. */
function upstreamKeys({ product }: Command): readonly string[] {
  try {
    const { upstreams = {} } = product.config().settings as {
      upstreams?: Readonly<Record<string, { key?: { env?: string } }>>;
    };
    return Object.values(upstreams).flatMap(({ key }) => key?.env ?? []);
  } catch {
    // No configuration here that could name any.
    return [];
  }
}

function asEnding(error: unknown): unknown {
  if (!(error instanceof GatehouseError)) return error;
  const codes: Partial<Record<GatehouseError['code'], number>> = {
    not_found: 127,
    refused: 126,
    unauthenticated: exitCodes.remote,
    upstream_failed: exitCodes.remote,
    misdirected: exitCodes.remote,
  };
  const code = codes[error.code];
  return code === undefined ? error : new CommandError(code, printable(error.message));
}
