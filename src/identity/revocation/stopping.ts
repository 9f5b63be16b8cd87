import type { Kysely } from 'kysely';
import { notify, type Tables } from '../../store/index.ts';
import { type Ending, endingNotice, noticeOf } from './ending.ts';

/** What a change made, and what it ended. */
export interface Stopped<T> {
  readonly result: T;
  readonly endings: readonly Ending[];
}

/** Makes a change and tells every process what it ended: both or neither. */
export type Stop = <T>(change: (db: Kysely<Tables>) => Promise<Stopped<T>>) => Promise<T>;

/** `ended` is told of each ending in this process, without waiting for the notice. */
export function openStop(db: Kysely<Tables>, ended: (ending: Ending) => void): Stop {
  return async (change) => {
    let endings: readonly Ending[] = [];
    try {
      return await db.transaction().execute(async (transaction) => {
        const stopped = await change(transaction);
        endings = stopped.endings;
        if (endings.length > 0) {
          await notify(transaction, endingNotice, endings.map(noticeOf));
        }
        return stopped.result;
      });
    } finally {
      // After a failure too: nobody knows then whether the server committed.
      for (const ending of endings) ended(ending);
    }
  };
}
