import type { Quota } from '../../src/policy/index.ts';
import { bucketId } from '../../src/policy/quotas/bucket.ts';
import { windowAt } from '../../src/policy/quotas/window.ts';
import type { Store } from '../../src/store/index.ts';

/** Writes how a quota of a holder stands, in its own unit (money in billionths of a US dollar). */
export async function putBucket(
  { db }: Store,
  quota: Quota,
  holder: string,
  { used, reserved = 0, now }: { used: number; reserved?: number; now: number },
): Promise<void> {
  const { start, ends } = windowAt(quota.per ?? 'ever', now);
  const id = bucketId(quota, holder, start);
  const until = ends === null ? null : new Date(ends);
  await db.insertInto('quota_bucket').values({ id, used, reserved, ends: until }).execute();
}
