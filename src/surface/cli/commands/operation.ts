import type { Command as Definition } from 'commander';
import { configJsonSchema } from '../../config/schema.ts';
import type { Health, LogHead, Setup } from '../../contract/index.ts';
import { examples, local, remote } from '../command.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { Command } from '../product.ts';
import { facts, table } from '../table.ts';

/** `gatehouse start`, `tour`, `status` and `config …`: the product itself. */
export function operationCommands(
  program: Definition,
  command: Command,
  ended: (code: number) => void,
): void {
  const { product } = command;
  for (const name of ['start', 'tour'] as const) {
    const does = {
      start: 'run the product',
      tour: 'run it, and see what it does in half a minute',
    };
    const definition = program.command(name).description(does[name]);
    definition.option('--config <file>', 'the configuration (GATEHOUSE_CONFIG)');
    if (name === 'start') definition.option('--no-tour', 'no tour at the first start');
    examples(definition, name, `${name} --config gatehouse.yaml`);
    definition.action(async (options: { config?: string; tour?: boolean }) => {
      ended(await product[name](options));
    });
  }
  const status = program.command('status').alias('health').description('how the product is');
  remote(examples(status, 'status', 'status --json'), command, async (server, _o, answer) => {
    const health = await server.get<Health>('/v1/health');
    const log = await server.get<LogHead>('/v1/ledger');
    const setup = await server.get<Setup>('/v1/setup');
    const { origin, size, root, key } = log;
    const head = facts([
      ['status', health.status],
      ['version', health.version],
      ['started', health.started],
      ['log', `${origin}, ${size} entries, root ${root}`],
      ['key', key],
      ['agents', String(setup.agents)],
      ['models', String(setup.models)],
    ]);
    const parts = table(health.parts, [
      { title: 'PART', cell: ({ part }) => part },
      {
        title: 'STATUS',
        cell: (part) => part.status,
        paint: (part, text) => answer.paint.level(part.status, text),
      },
      { title: 'DETAIL', cell: ({ detail }) => detail },
    ]);
    answer.data({ health, log, setup }, `${head}\n${parts}`);
    if (health.status === 'down') throw new CommandError(exitCodes.remote, 'the product is down');
    answer.next(setup.next);
  });
  configCommands(program, command);
}

function configCommands(program: Definition, command: Command): void {
  const group = program.command('config').description('check the configuration, or see its schema');
  examples(group, 'config check', 'config schema > gatehouse.schema.json');
  const check = group.command('check [file]').description('check a configuration');
  local(examples(check, 'config check'), command, (_options, answer, file) => {
    const { source, settings, warnings } = command.product.config(file);
    answer.data({ ok: true, source, settings, warnings }, `${source} is good\n`);
    for (const warning of warnings) answer.say(`warning: ${warning}`);
    answer.next('gatehouse policy check');
  });
  const schema = group.command('schema').description('the JSON Schema of gatehouse.yaml');
  local(examples(schema, 'config schema'), command, (_options, answer) => {
    const value = configJsonSchema();
    answer.data(value, `${JSON.stringify(value, null, 2)}\n`);
  });
}
