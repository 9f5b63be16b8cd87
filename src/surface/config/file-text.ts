import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { GatehouseError } from '../../kernel/index.ts';

/**
 * The text of a file that a setting names; relative paths start at `folder`.
 *
 * @throws GatehouseError `bad_config` that names the setting and the file.
 */
export function fileText(setting: string, path: string, folder: string): string {
  const file = resolve(folder, path);
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `${setting}: \`${file}\` cannot be read (${code}); check the file and its rights`;
    throw new GatehouseError('bad_config', message, { cause });
  }
}
