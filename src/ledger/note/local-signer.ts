import { randomUUID } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatehouseError } from '../../kernel/index.ts';
import { generateKey, type Signer, signerOf } from './key.ts';

/**
 * The signer whose key lies in a file; makes the key, for the log named `origin`, where there is
 * none. The file is readable by its owner alone. Two starts at once end with the same key.
 *
 * @throws GatehouseError `bad_config` when the file holds no key, or one of another log.
 */
export async function localSigner(
  path: string,
  origin: string,
  random: (size: number) => Uint8Array,
): Promise<Signer> {
  const text = (await read(path)) ?? (await create(path, generateKey(origin, random)));
  const signer = signerOf(text);
  if (signer.name === origin) return signer;
  const message = `the key \`${path}\` signs for \`${signer.name}\` and the log is \`${origin}\`; set ledger.origin back, or begin a new log with a new data folder`;
  throw new GatehouseError('bad_config', message);
}

async function read(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new GatehouseError('bad_config', `the log's key \`${path}\` cannot be read`, {
      cause: error,
    });
  }
}

// Written whole and on disk beside its place, then linked: a link never replaces another key.
async function create(path: string, key: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // A name of its own: writing to a name that was linked already would write into the key.
  const draft = `${path}.${randomUUID()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await chmod(draft, 0o600);
    await file.writeFile(`${key}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(path, 'utf8');
}
