import { createCipheriv, createDecipheriv, createHmac, createSecretKey } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatehouseError } from '../kernel/index.ts';
import type { Kms, Random } from './kms.ts';

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * A key-encryption key in a file of 32 random bytes, for its owner alone; made where there is none.
 * Wraps with AES-256-GCM (NIST SP 800-38D): nonce, ciphertext, tag, with its own id as associated
 * data. The id is derived from the key, so a wrong file is told from a changed ciphertext.
 *
 * @throws GatehouseError `store_unavailable` when the file is open to others, of another user, not
 *   32 bytes long, or cannot be read.
 */
export async function localKms(file: string, random: Random): Promise<Kms> {
  const secret = await readOrMake(file, random);
  const key = createSecretKey(secret);
  const name = createHmac('sha256', key).update('gatehouse/kms-id/v1').digest('hex').slice(0, 16);
  const id = `local/${name}`;
  secret.fill(0);
  return {
    id,
    async wrap(plain) {
      const nonce = random(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(id));
      const sealed = cipher.update(plain);
      cipher.final();
      return Buffer.concat([nonce, sealed, cipher.getAuthTag()]);
    },
    async unwrap(wrapped) {
      if (wrapped.length < nonceBytes + tagBytes) throw notOpened(id);
      const cipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, nonceBytes));
      cipher.setAAD(Buffer.from(id)).setAuthTag(wrapped.subarray(-tagBytes));
      try {
        const plain = cipher.update(wrapped.subarray(nonceBytes, -tagBytes));
        cipher.final();
        return plain;
      } catch (cause) {
        throw notOpened(id, cause);
      }
    },
  };
}

function notOpened(id: string, cause?: unknown): GatehouseError {
  const message = `a data key does not open with the key \`${id}\`: it was changed; restore the database from a backup`;
  return new GatehouseError('unverified', message, { cause });
}

async function readOrMake(file: string, random: Random): Promise<Buffer> {
  try {
    return await read(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(file, error);
  }
  try {
    await make(file, random(keyBytes), random(8).toString('hex'));
    return await read(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, cause: unknown): GatehouseError {
  if (cause instanceof GatehouseError) return cause;
  const why = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  const message = `the key file \`${file}\` cannot be read (${why}); give it to the user that runs gatehouse`;
  return new GatehouseError('store_unavailable', message, { cause });
}

async function read(file: string): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { mode, uid, size } = await handle.stat();
    if ((mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      const message = `the key file \`${file}\` is open to others (mode ${octal}); if nobody has read it, \`chmod 600\` it`;
      throw new GatehouseError('store_unavailable', message);
    }
    const self = process.geteuid?.();
    if (self !== undefined && uid !== self) {
      const message = `the key file \`${file}\` belongs to user ${uid} and gatehouse runs as user ${self}; change its owner`;
      throw new GatehouseError('store_unavailable', message);
    }
    if (size !== keyBytes) {
      const message = `the key file \`${file}\` has ${size} bytes where a key has ${keyBytes}; restore it from a backup`;
      throw new GatehouseError('store_unavailable', message);
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

// INVARIANT: a key file is whole and on disk before it has its name, and never replaces another:
// of two starts at once, both read the key of the first.
async function make(file: string, key: Buffer, suffix: string): Promise<void> {
  const draft = `${file}.${suffix}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(key);
    await handle.sync();
  } finally {
    key.fill(0);
    await handle.close();
  }
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const folder = await open(dirname(file), 'r');
  await folder.sync().finally(() => folder.close());
}
