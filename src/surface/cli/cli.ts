import { CommanderError, Command as Definition } from 'commander';
import { examples } from './command.ts';
import { agentCommands } from './commands/agent.ts';
import { exportCommand } from './commands/export.ts';
import { operationCommands } from './commands/operation.ts';
import { ownerCommands } from './commands/owner.ts';
import { policyCommands } from './commands/policy.ts';
import { quotaCommands } from './commands/quota.ts';
import { runCommand } from './commands/run.ts';
import { tokenCommands } from './commands/token.ts';
import { traceCommands } from './commands/trace.ts';
import { verifyCommand } from './commands/verify.ts';
import { completion } from './completion.ts';
import { ending, exitCodes } from './exit.ts';
import type { Command } from './product.ts';
import { paint } from './terminal.ts';

/** The command line: what it was called with, and what it may touch. */
export interface CliParts extends Command {
  /** The words after the program's name. */
  readonly argv: readonly string[];
  readonly version: string;
}

/**
 * Runs one command and answers its exit code: 0 done, 1 this machine (arguments, files), 2 the
 * server (not there, or it refused), 3 a verification or a policy check failed. Never throws.
 */
export async function cli(parts: CliParts): Promise<number> {
  const { terminal, env } = parts;
  let code: number = exitCodes.ok;
  const program = programOf(parts, (ended) => {
    code = ended;
  });
  try {
    await program.parseAsync([...parts.argv], { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      return thrown.exitCode === 0 || thrown.code === 'commander.help'
        ? exitCodes.ok
        : exitCodes.local;
    }
    const end = ending(thrown);
    const label = paint(terminal.errIsTerminal, env).level('down', 'error:');
    terminal.err(`${label} ${end.message}\n`);
    return end.code;
  }
}

function programOf(parts: CliParts, ended: (code: number) => void): Definition {
  const { terminal } = parts;
  const program = new Definition('gatehouse')
    .description('The checkpoint that every AI agent, model and tool call passes.')
    .version(parts.version)
    .showHelpAfterError('(see `gatehouse help`)')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      getOutHelpWidth: () => Math.min(terminal.columns, 100),
      getErrHelpWidth: () => Math.min(terminal.columns, 100),
    });
  examples(
    program,
    'start',
    'agent create support-bot --owner ana@example.org',
    'agent key support-bot',
    'trace list',
    'verify proof.bundle.json',
  );
  operationCommands(program, parts, ended);
  agentCommands(program, parts);
  ownerCommands(program, parts);
  tokenCommands(program, parts);
  runCommand(program, parts, ended);
  quotaCommands(program, parts);
  policyCommands(program, parts, ended);
  traceCommands(program, parts);
  exportCommand(program, parts);
  verifyCommand(program, parts);
  const complete = program.command('completion').description('a completion script for bash');
  examples(complete, 'completion > ~/.local/share/bash-completion/completions/gatehouse');
  complete.action(() => terminal.out(completion(program)));
  return program;
}
