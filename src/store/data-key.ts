import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** A data key, unwrapped. Sealing and committing have keys of their own, derived from it. */
export interface DataKey {
  readonly id: string;
  readonly owner: string;
  readonly sealing: KeyObject;
  readonly committing: KeyObject;
}

/** Derives the two keys and wipes `secret`, the 32 bytes of the data key. */
export function dataKey(id: string, owner: string, secret: Buffer): DataKey {
  const derived = (use: string) =>
    createSecretKey(createHmac('sha256', secret).update(`gatehouse/${use}/v1`).digest());
  const key = { id, owner, sealing: derived('seal-key'), committing: derived('commit-key') };
  secret.fill(0);
  return key;
}
