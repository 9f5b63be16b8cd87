import { randomBytes } from 'node:crypto';
import { systemClock } from './kernel/index.ts';
import { openHouse } from './main/house.ts';
import { version } from './main/version.ts';
import { type CliParts, cli, productOf, type Terminal } from './surface/index.ts';
import { clientFetch } from './upstream/index.ts';

export { openHouse } from './main/house.ts';

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
  const product = productOf({ openHouse, terminal, env, call, ...world });
  const parts = { argv: argv.slice(2), version, terminal, env, call, product, ...world };
  process.exitCode = await cli(parts);
  await client.close();
}
