import { GatehouseError } from '../../kernel/index.ts';
import { fileText } from './file-text.ts';

/** Where a secret is: never in the configuration itself. */
export interface SecretPlace {
  readonly env?: string;
  readonly file?: string;
}

/**
 * Fetches a secret from where the configuration says it is. `path` names the setting.
 *
 * @throws GatehouseError `bad_config` when there is nothing there.
 */
export function secretAt(
  path: string,
  { env: name, file }: SecretPlace,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (name !== undefined) {
    const value = env[name];
    if (value !== undefined && value !== '') return value;
    const message = `${path}: \`${name}\` is not set in the environment; set it, or remove this setting`;
    throw new GatehouseError('bad_config', message);
  }
  return fileText(path, file ?? '', folder).trim();
}
