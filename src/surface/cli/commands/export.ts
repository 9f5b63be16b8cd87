import { writeFileSync } from 'node:fs';
import type { Command as Definition } from 'commander';
import { exportFolder } from '../../../ledger/index.ts';
import { examples, remote, type Shared } from '../command.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { Command } from '../product.ts';
import { remoteReader } from './verify.ts';

interface Options extends Shared {
  readonly trace?: string;
  readonly log?: string;
  readonly out?: string;
  readonly bodies?: boolean;
}

/** `gatehouse export`: a call, or the whole log, as what an outsider can verify. Serves A4. */
export function exportCommand(program: Definition, command: Command): void {
  const definition = program.command('export').description('export a call as a bundle, or the log');
  definition
    .option('--trace <trace>', 'which call')
    .option(
      '--log <folder>',
      'the whole log, as static files (C2SP tlog-tiles); brings what is new',
    )
    .option('--out <file>', 'where to; else to standard output, or TRACE.bundle.json')
    .option('--bodies', 'with the opened bodies; that you looked is put on the record');
  examples(
    definition,
    'export --trace 0198f0c1b2a37c5e9d8f7a6b5c4d3e2f',
    'export --trace 0198f0c1b2a37c5e9d8f7a6b5c4d3e2f --bodies --out proof.json',
    'export --log ./log',
  );
  remote<Options>(definition, command, async (server, options, answer) => {
    const { trace, log, bodies = false, json = false } = options;
    if (log !== undefined) {
      const entries = await exportFolder(remoteReader(command, options.url, options), log);
      answer.data({ folder: log, entries }, `${log}\n`);
      answer.next(`gatehouse verify ${log}`);
      return;
    }
    if (trace === undefined) {
      throw new CommandError(exitCodes.local, 'pass --trace TRACE for a call, or --log FOLDER');
    }
    const path = `/v1/traces/${encodeURIComponent(trace)}/bundle?bodies=${bodies}`;
    const bytes = await server.bytes(path);
    if (bytes === null) {
      throw new CommandError(
        exitCodes.remote,
        `no trace is \`${trace}\`; see \`gatehouse trace list\``,
      );
    }
    const { outIsTerminal, out } = command.terminal;
    const file = options.out ?? (outIsTerminal && !json ? `${trace}.bundle.json` : null);
    if (file === null) {
      out(Buffer.from(bytes).toString());
      return;
    }
    written(file, bytes);
    answer.data({ file, bytes: bytes.length }, `${file}\n`);
    if (bodies) answer.say('it holds opened bodies: keep it as you would keep them');
    answer.next(`gatehouse verify ${file}`);
  });
}

/** Writes a new file that only its owner reads; one that is there is never replaced. */
function written(file: string, bytes: Uint8Array): void {
  try {
    writeFileSync(file, bytes, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'is there already; pass another --out' : `: ${code}`;
    throw new CommandError(exitCodes.local, `\`${file}\` cannot be written: it ${why}`, { cause });
  }
}
