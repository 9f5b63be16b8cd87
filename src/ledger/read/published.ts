import { randomUUID } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { GatehouseError } from '../../kernel/index.ts';

/** Remembers, outside of the database, the last checkpoint that left this house. */
export interface Published {
  load(): Promise<string | null>;
  save(checkpoint: string): Promise<void>;
}

/** Keeps the last published checkpoint in a file, replaced as a whole. */
export function publishedIn(path: string): Published {
  let saving: Promise<void> = Promise.resolve();
  return {
    async load() {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        const message = `the last published checkpoint \`${path}\` cannot be read; restore it from a backup`;
        throw new GatehouseError('unverified', message, { cause: error });
      }
    },
    save(checkpoint) {
      saving = saving.catch(() => {}).then(() => replace(path, checkpoint));
      return saving;
    },
  };
}

async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  const file = await open(draft, 'w', 0o644);
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

/** For a log whose checkpoints nobody remembers. */
export const notPublished: Published = { load: async () => null, save: async () => {} };
