import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { alive, commandOf } from '../../src/store/embedded/process.ts';

const folders: string[] = [];

/** A new folder for a store's data, which the database's own user may pass through. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-store-'));
  await chmod(path, 0o711);
  folders.push(path);
  return path;
}

/** Removes every folder made here, and ends whatever server a failed test left in one. */
export async function removeFolders(): Promise<void> {
  for (const path of folders) {
    const pid = await postmaster(path).catch(() => 0);
    if (pid > 0 && commandOf(pid).includes(path)) await killed(pid);
    await rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

/** The process id of the embedded server on a data folder. */
export async function postmaster(dataDir: string): Promise<number> {
  const text = await readFile(join(dataDir, 'postgres/cluster/data/postmaster.pid'), 'utf8');
  return Number.parseInt(text, 10);
}

/** kill -9, and the wait until it is gone. */
export async function killed(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  while (alive(pid)) await sleep(5);
}
