import { randomBytes } from 'node:crypto';
import { systemClock } from './kernel/index.ts';
import { version } from './main/version.ts';
import {
  type CliParts,
  cli,
  type HouseOptions,
  productOf,
  type Terminal,
} from './surface/index.ts';
import { clientFetch } from './upstream/index.ts';

if (import.meta.main) {
  const { stdout, stderr, env, argv } = process;
  const terminal: Terminal = {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    outIsTerminal: stdout.isTTY === true,
    errIsTerminal: stderr.isTTY === true,
    columns: stdout.columns ?? 80,
  };
  const client = clientFetch();
  const call = client.fetch as CliParts['call'];
  const world = { clock: systemClock, random: randomBytes };
  // A command that only talks to a running product does not load the house.
  const openHouse = async (options: HouseOptions) =>
    (await import('./main/house.ts')).openHouse(options);
  const product = productOf({ openHouse, terminal, env, call, ...world });
  const parts = { argv: argv.slice(2), version, terminal, env, call, product, ...world };
  process.exitCode = await cli(parts);
  await client.close();
}
