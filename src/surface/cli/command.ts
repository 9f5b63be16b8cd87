import type { Command as Definition } from 'commander';
import type { Command } from './product.ts';
import { type Server, type ServerOptions, serverOf } from './server.ts';
import { type Paint, paint } from './terminal.ts';

/** The options that commands share. */
export interface Shared extends ServerOptions {
  readonly json?: boolean;
}

/** A command under way: how it answers. */
export interface Answering {
  readonly paint: Paint;
  /** Data, for people or with `--json` as JSON. */
  data(value: unknown, text: string): void;
  /** A message beside the data. */
  say(text: string): void;
  /** What to do next; silent with `--json`. */
  next(command: string): void;
}

export function answering({ terminal, env }: Command, { json = false }: Shared): Answering {
  const onErr = paint(terminal.errIsTerminal, env);
  return {
    paint: paint(terminal.outIsTerminal && !json, env),
    data: (value, text) => terminal.out(json ? `${JSON.stringify(value, null, 2)}\n` : text),
    say: (text) => terminal.err(`${text}\n`),
    next: (text) => {
      if (!json) terminal.err(onErr.dim(`next: ${asCalled(text, env)}\n`));
    },
  };
}

/** A line with this program's name as the reader can type it: in a clone, npx is what finds it. */
export function asCalled(line: string, env: Command['env']): string {
  return env['npm_command'] === undefined
    ? line
    : line.replace(/(^|[ `])gatehouse (?=[a-z])/, '$1npx gatehouse ');
}

/** Adds a command that asks the server, with its shared options. */
export function remote<Options extends Shared>(
  definition: Definition,
  command: Command,
  run: (server: Server, options: Options, answer: Answering, ...words: string[]) => Promise<void>,
): Definition {
  return withJson(definition)
    .option('--url <url>', 'address of the control plane (GATEHOUSE_URL)')
    .option('--token <token>', 'its token (GATEHOUSE_TOKEN)')
    .action(async (...given: unknown[]) => {
      // Commander gives the words first, then the options, then itself.
      const options = given.at(-2) as Options;
      const words = given.slice(0, -2) as string[];
      await run(serverOf(command, options), options, answering(command, options), ...words);
    });
}

/** Adds a command that needs no server. */
export function local<Options extends Shared>(
  definition: Definition,
  command: Command,
  run: (options: Options, answer: Answering, ...words: string[]) => Promise<void> | void,
): Definition {
  return withJson(definition).action(async (...given: unknown[]) => {
    const options = given.at(-2) as Options;
    await run(options, answering(command, options), ...(given.slice(0, -2) as string[]));
  });
}

function withJson(definition: Definition): Definition {
  return definition.option('--json', 'answer in JSON');
}

/** Examples stand first in the help of a command. */
export function examples(definition: Definition, ...lines: readonly string[]): Definition {
  const shown = lines.map((line) => `  $ gatehouse ${line}\n`).join('');
  return definition.addHelpText('before', `Examples:\n${shown}`);
}
