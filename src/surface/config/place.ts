import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { GatehouseError } from '../../kernel/index.ts';
import { loadConfig } from './load.ts';
import type { Config } from './schema.ts';

/** A configuration with where it lies: its relative paths start at `folder`. */
export interface ConfigPlace {
  readonly config: Config;
  readonly source: string;
  readonly folder: string;
  /** The data folder, absolute. */
  readonly data: string;
}

/**
 * Reads the configuration: `path`, else GATEHOUSE_CONFIG, else `gatehouse.yaml` in the working
 * folder, else the defaults.
 *
 * @throws GatehouseError `bad_config` for a named file that cannot be read, or what `loadConfig` throws.
 */
export function configPlace(
  env: Readonly<Record<string, string | undefined>>,
  path?: string,
): ConfigPlace {
  const named = path ?? env['GATEHOUSE_CONFIG'];
  const source = named ?? 'gatehouse.yaml';
  const text = named === undefined && !existsSync(source) ? '' : read(source);
  const config = loadConfig(text, source, env);
  const folder = dirname(resolve(source));
  return { config, source, folder, data: resolve(folder, config.data) };
}

function read(source: string): string {
  try {
    return readFileSync(source, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `the configuration \`${source}\` cannot be read (${code}); check its path`;
    throw new GatehouseError('bad_config', message, { cause });
  }
}
