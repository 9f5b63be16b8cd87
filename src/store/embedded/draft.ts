import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { alive } from './process.ts';

/** A name for a folder that this process fills and then renames, so that it appears whole. */
export function draftName(): string {
  return `draft-${process.pid}-${randomUUID()}`;
}

/**
 * Removes the drafts of processes that are gone. A program they started may still be writing into
 * one; what cannot be removed yet is left to the next start, and harms nobody.
 */
export async function dropDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /^draft-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || alive(Number(pid))) continue;
    const options = { recursive: true, force: true, maxRetries: 5, retryDelay: 20 };
    await rm(join(folder, name), options).catch(() => {});
  }
}
