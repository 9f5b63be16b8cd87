import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a condition, with a limit that only a broken product reaches. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 2_000; waited++) {
    if (await holds()) return;
    await sleep(5);
  }
  throw new Error(`it did not come about: ${what}`);
}
