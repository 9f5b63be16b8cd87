import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GatehouseError } from '../../kernel/index.ts';
import type { LogReader } from '../read/log-reader.ts';
import { tilesOf, tileWidth } from '../tiles/tile.ts';
import { entriesPath, parseLogPath, tilePath } from '../tiles/tile-path.ts';
import type { ReadLog } from '../verify/verify-log.ts';

/**
 * Writes the log as a folder of static files (C2SP tlog-tiles): `tile/…`, `key` and, last, the
 * `checkpoint`. Full tiles that are there already are left alone, so that a repeated export brings
 * what is new. Answers how many entries it covers.
 */
export async function exportFolder(
  reader: LogReader,
  vkey: string,
  folder: string,
): Promise<number> {
  const { head, text } = await reader.checkpoint();
  for (const { level, index, width } of tilesOf(head.size)) {
    await bring(folder, tilePath(level, index, width), width, () =>
      reader.tile(level, index, width),
    );
    if (level > 0) continue;
    await bring(folder, entriesPath(index, width), width, () => reader.entries(index, width));
  }
  await write(folder, 'key', `${vkey}\n`);
  await write(folder, 'checkpoint', text);
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

async function bring(
  folder: string,
  path: string,
  width: number,
  read: () => Promise<Uint8Array | null>,
): Promise<void> {
  if (width === tileWidth && (await folderReader(folder)(path)) !== null) return;
  const bytes = await read();
  if (bytes === null) {
    throw new GatehouseError(
      'unverified',
      `\`${path}\` is missing from the database; run \`gatehouse verify\``,
    );
  }
  await write(folder, path, bytes);
}

// A file appears under its name only when it is whole.
async function write(folder: string, path: string, content: string | Uint8Array): Promise<void> {
  const target = join(folder, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(`${target}.new`, content);
  await rename(`${target}.new`, target);
}
