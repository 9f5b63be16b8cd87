import { readFileSync, statSync } from 'node:fs';
import type { Command as Definition } from 'commander';
import {
  folderReader,
  parseLogPath,
  type ReadLog,
  type Verification,
  verifyBundle,
  verifyLog,
} from '../../../ledger/index.ts';
import { type Answering, answering, examples, type Shared } from '../command.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { Command } from '../product.ts';
import { serverOf } from '../server.ts';
import { printable } from '../terminal.ts';

interface Options extends Shared {
  readonly key?: string;
  readonly against?: string;
}

/** `gatehouse verify`: whether the record holds, without trusting who keeps it. Serves A4. */
export function verifyCommand(program: Definition, command: Command): void {
  const definition = program
    .command('verify [target]')
    .description('verify a bundle, a folder of tiles, or a running log')
    .option('--json', 'answer in JSON')
    .option('--key <key>', 'the verifier key of the log, as you know it: the text or a file')
    .option('--against <file>', 'an older checkpoint that the log must continue')
    .option('--token <token>', 'of a running log (GATEHOUSE_TOKEN)');
  examples(
    definition,
    'verify proof.bundle.json',
    'verify ./tiles --key log.example+1a2b3c4d+AZ…',
    'verify https://gatehouse.example --against checkpoint.old',
  );
  definition.action(async (target: string | undefined, options: Options) => {
    const answer = answering(command, options);
    tell(answer, await verified(command, target, options));
  });
}

function verified(
  command: Command,
  target: string | undefined,
  options: Options,
): Promise<Verification> {
  const key = options.key === undefined ? {} : { key: keyOf(options.key) };
  const older = options.against === undefined ? {} : { older: textOf(options.against) };
  if (target === undefined || /^https?:\/\//i.test(target)) {
    return verifyLog(remoteReader(command, target, options), { ...key, ...older });
  }
  const stats = statSync(target, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return verifyLog(folderReader(target), { ...key, ...older });
  if (options.against !== undefined) {
    const message = '--against needs a whole log; a bundle shows single entries';
    throw new CommandError(exitCodes.local, message);
  }
  return verifyBundle(textOf(target), key);
}

/** Reads a running log: at `/log/` of a control plane, or where the address itself ends in it. */
export function remoteReader(
  command: Command,
  target: string | undefined,
  options: Shared,
): ReadLog {
  const url = target?.replace(/\/log\/?$/, '');
  const { token } = options;
  const server = serverOf(command, { ...(url && { url }), ...(token && { token }) });
  const { errIsTerminal, err } = command.terminal;
  let count = 0;
  return async (path) => {
    if (path !== 'key' && parseLogPath(path) === null) return null;
    count += 1;
    if (errIsTerminal) err(`\rreading ${server.url}: ${count} files `);
    const bytes = await server.bytes(`/log/${path}`);
    return bytes;
  };
}

function tell(answer: Answering, found: Verification): void {
  const lines = found.checks.map(({ name, ok, detail }) => {
    const sign = ok ? answer.paint.level('ok', 'ok   ') : answer.paint.level('down', 'WRONG');
    return `${sign}  ${name.padEnd(16)}  ${printable(detail)}\n`;
  });
  answer.data(found, lines.join(''));
  if (!found.ok) {
    const problem = printable(found.problem ?? 'it does not hold');
    throw new CommandError(exitCodes.failed, `not verified: ${problem}`);
  }
  if (found.pinned) answer.say('verified');
  else answer.say('verified, by the key that came along: pass --key to rest on one that you know');
}

function keyOf(text: string): string {
  // A verifier key is one line with two plus signs (C2SP signed-note); anything else is a file.
  return text.includes('+') ? text : textOf(text).trim();
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : String(code);
    throw new CommandError(exitCodes.local, `cannot read \`${path}\`: ${why}`, { cause });
  }
}
