import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GatehouseError } from '../../kernel/index.ts';
import { parseCheckpoint } from '../note/checkpoint.ts';
import { tilesOf, tileWidth } from '../tiles/tile.ts';
import { entriesPath, parseLogPath, tilePath } from '../tiles/tile-path.ts';
import type { ReadLog } from '../verify/verify-log.ts';

/**
 * Writes a log as a folder of static files (C2SP tlog-tiles): `tile/…`, `key` and, last, the
 * `checkpoint`. Full tiles that are there already are left alone, so that a repeated export brings
 * what is new. Answers how many entries it covers.
 *
 * @throws GatehouseError `unverified` for a log that lacks what its checkpoint covers.
 */
export async function exportFolder(read: ReadLog, folder: string): Promise<number> {
  const key = await needed(read, 'key');
  const checkpoint = await needed(read, 'checkpoint');
  const head = parseCheckpoint(Buffer.from(checkpoint).toString());
  if (head === null) throw missing('checkpoint');
  for (const { level, index, width } of tilesOf(head.size)) {
    await bring(read, folder, tilePath(level, index, width), width);
    if (level === 0) await bring(read, folder, entriesPath(index, width), width);
  }
  await write(folder, 'key', key);
  await write(folder, 'checkpoint', checkpoint);
  return head.size;
}

/** Reads a log out of a folder that `exportFolder` wrote, or any other C2SP tlog-tiles folder. */
export function folderReader(folder: string): ReadLog {
  return async (path) => {
    if (path !== 'key' && parseLogPath(path) === null) return null;
    return readFile(join(folder, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
      throw error;
    });
  };
}

async function bring(read: ReadLog, folder: string, path: string, width: number): Promise<void> {
  if (width === tileWidth && (await folderReader(folder)(path)) !== null) return;
  await write(folder, path, await needed(read, path));
}

async function needed(read: ReadLog, path: string): Promise<Uint8Array> {
  const bytes = await read(path);
  if (bytes === null) throw missing(path);
  return bytes;
}

function missing(path: string): GatehouseError {
  const mend = 'run `gatehouse verify` on it';
  return new GatehouseError('unverified', `the log has no \`${path}\` that can be read; ${mend}`);
}

// A file appears under its name only when it is whole.
async function write(folder: string, path: string, content: string | Uint8Array): Promise<void> {
  const target = join(folder, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(`${target}.new`, content);
  await rename(`${target}.new`, target);
}
