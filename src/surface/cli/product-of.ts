import { flushCompileCache } from 'node:module';
import { resolve } from 'node:path';
import type { Gateway } from '../../gateway/index.ts';
import type { Clock } from '../../kernel/index.ts';
import { verifyBundle } from '../../ledger/index.ts';
import type { ControlPlane } from '../api/index.ts';
import { configPlace } from '../config/place.ts';
import type { Config } from '../config/schema.ts';
import { unpriced } from '../config/unpriced.ts';
import type { Fetch } from '../tour/step.ts';
import { tour } from '../tour/tour.ts';
import { tourOut } from '../tour/tour-out.ts';
import { asCalled } from './command.ts';
import {
  type ControlFile,
  controlFilePath,
  readControlFile,
  writeControlFile,
} from './control-file.ts';
import type { Command, Product } from './product.ts';
import type { Terminal } from './terminal.ts';
import { welcome } from './welcome.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The running product. */
export interface House {
  readonly gateway: Gateway;
  readonly control: ControlPlane;
  /** The control plane's token, at the first start on its data. */
  readonly token: string | null;
  close(): Promise<void>;
}

/** What the product is built from: its configuration, where that lies, and the world outside. */
export interface HouseOptions {
  readonly config: Config;
  /** Relative paths of the configuration start here. */
  readonly folder: string;
  readonly env: Env;
  readonly log: (line: string) => void;
}

export interface ProductParts {
  openHouse(options: HouseOptions): Promise<House>;
  readonly terminal: Terminal;
  readonly env: Env;
  readonly call: Command['call'];
  readonly clock: Clock;
  /** `size` random bytes. */
  random(size: number): Uint8Array;
}

/** The product as the command line runs it: until a signal ends it. */
export function productOf(parts: ProductParts): Product {
  const { terminal, env, call } = parts;
  const log = (line: string) => terminal.err(`${line}\n`);
  const open = async (path?: string) => {
    const { config, folder, data } = configPlace(env, path);
    for (const warning of unpriced(config)) log(`warning: ${warning}`);
    const house = await parts.openHouse({ config, folder, env, log });
    const { gateway, control, token } = house;
    const word = { pid: process.pid, url: control.url, gateway: gateway.url, token };
    return { house, word: writeControlFile(data, word) };
  };
  return {
    async start({ config, tour: asked }) {
      const { house, word } = await open(config);
      const told = new Promise<void>((stop) => {
        process.once('SIGTERM', stop);
        process.once('SIGINT', stop);
      });
      const first = house.token !== null;
      terminal.err(welcome(word, first, env));
      flushCompileCache();
      if (first && asked !== false) await Promise.race([told, firstTour(parts, word, log)]);
      await told;
      await house.close();
      return 0;
    },
    async tour({ config }) {
      const running = readControlFile(configPlace(env, config).data);
      if (running !== null && (await answers(call, running.gateway))) await show(parts, running);
      else {
        const { house, word } = await open(config);
        await show(parts, word).finally(() => house.close());
      }
      return 0;
    },
    config(path) {
      const { config, source, folder } = configPlace(env, path);
      return {
        source,
        settings: shown(config),
        warnings: unpriced(config),
        policyFolder: resolve(folder, config.policy.folder),
      };
    },
    controlFile: () => controlFilePath(configPlace(env).data),
  };
}

/** The settings without what is secret in them: the password of a database address. */
function shown(config: Config): Config {
  const { url } = config.store;
  if (url === undefined || !URL.canParse(url)) return config;
  const bare = new URL(url);
  if (bare.password !== '') bare.password = '***';
  return { ...config, store: { ...config.store, url: bare.href } };
}

async function firstTour(
  parts: ProductParts,
  word: ControlFile,
  log: (line: string) => void,
): Promise<void> {
  const { env } = parts;
  await show(parts, word).catch(({ message }: Error) => {
    // A tour over a certificate that only its owner trusts, for one, is no reason to end.
    const again = asCalled('play it again with `gatehouse tour`', env);
    log(`\nthe tour could not go on (${message}); ${again}`);
  });
  const next = 'gatehouse agent create my-agent --owner you@example.org';
  log(`\ngatehouse keeps running; Ctrl-C ends it. In another terminal: ${asCalled(next, env)}`);
}

function show(
  { terminal, env, call, clock, random }: ProductParts,
  word: ControlFile,
): Promise<void> {
  return tour({
    gatewayUrl: word.gateway,
    controlUrl: word.url,
    token: word.token ?? '',
    fetch: call as Fetch,
    clock,
    random,
    verify: async (bundle) => verifyBundle(bundle, {}),
    out: tourOut(terminal, env),
  });
}

async function answers(call: Command['call'], gateway: string): Promise<boolean> {
  const signal = AbortSignal.timeout(1_000);
  return call(`${gateway}/healthz`, { signal }).then(
    ({ ok }) => ok,
    () => false,
  );
}
