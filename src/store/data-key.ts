import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { type HmacKey, hmacKey } from './hmac.ts';

/** A data key, unwrapped. Sealing and committing have keys of their own, derived from it. */
export interface DataKey {
  readonly id: string;
  readonly owner: string;
  readonly sealing: KeyObject;
  readonly committing: HmacKey;
}

/** Derives the two keys and wipes `secret`, the 32 bytes of the data key. */
export function dataKey(id: string, owner: string, secret: Buffer): DataKey {
  const derived = (use: string) =>
    createHmac('sha256', secret).update(`gatehouse/${use}/v1`).digest();
  const sealing = createSecretKey(derived('seal-key'));
  const key = { id, owner, sealing, committing: hmacKey(derived('commit-key')) };
  secret.fill(0);
  return key;
}
