import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src/kernel/index.ts';
import { cli, type Product } from '../../src/surface/index.ts';
import type { ControlWorld } from './world.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface ShellOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly terminal?: boolean;
  readonly product?: Partial<Product>;
}

/** Runs the command line as a shell does, against a control plane if there is one. */
export async function run(
  world: ControlWorld | null,
  line: string,
  { env, terminal = false, product }: ShellOptions = {},
): Promise<Ran> {
  let out = '';
  let err = '';
  const here = world && { GATEHOUSE_URL: world.plane.url, GATEHOUSE_TOKEN: world.token };
  const code = await cli({
    argv: line.split(' ').filter((word) => word !== ''),
    version: '0.1.0',
    env: env ?? here ?? {},
    call: (url, init) => globalThis.fetch(url, init),
    clock: systemClock,
    random: randomBytes,
    terminal: {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      outIsTerminal: terminal,
      errIsTerminal: terminal,
      columns: 100,
    },
    product: {
      start: async () => 0,
      tour: async () => 0,
      config: () => ({
        source: 'gatehouse.yaml',
        policyFolder: 'policies',
        settings: {},
        warnings: [],
      }),
      controlFile: () => '/nowhere/control.json',
      ...product,
    },
  });
  return { code, out, err };
}
