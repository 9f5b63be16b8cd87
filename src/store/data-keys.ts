import type pg from 'pg';
import { type Clock, GatehouseError } from '../kernel/index.ts';
import { type DataKey, dataKey } from './data-key.ts';
import {
  clearEmptied,
  emptyKeys,
  insertKey,
  isCurrent,
  type KeyRow,
  keysOfOtherKms,
  replaceWrapping,
  reserveSeals,
  retireWorn,
} from './key-rows.ts';
import type { Kms, Random } from './kms.ts';
import { Lru } from './lru.ts';
import { uuid7 } from './uuid.ts';

/** How long and how often keys are used. The defaults suit a product; tests lower them. */
export interface KeyLimits {
  /** Owners whose key is kept unwrapped in memory. */
  readonly owners: number;
  /** Seals of one data key at most. */
  readonly seals: number;
  /** Seals reserved at a time by one process. */
  readonly block: number;
  /** Milliseconds until an owner gets a new key. */
  readonly ageMs: number;
  /** Milliseconds for which a process seals without asking whether the key still counts. */
  readonly leaseMs: number;
}

/**
 * With random nonces of 96 bits, NIST SP 800-38D (8.3) allows 2^32 messages a key; a quarter of it
 * leaves the chance of a repeated nonce below 2^-37.
 */
export const usualLimits: KeyLimits = {
  owners: 4096,
  seals: 2 ** 30,
  block: 2 ** 16,
  ageMs: 90 * 24 * 3600 * 1000,
  leaseMs: 60_000,
};

export interface DataKeysOptions {
  readonly pool: pg.Pool;
  readonly kms: Kms;
  /** What older keys may be wrapped by. */
  readonly former: readonly Kms[];
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: KeyLimits;
}

interface Lease {
  readonly key: DataKey;
  left: number;
  until: number;
}

const keyBytes = 32;

/**
 * The data keys, one in force for each owner and older ones for opening, safe for any number of
 * processes on one database.
 *
 * A key is used under a lease: so many seals, reserved in the database, for so long. Another process
 * that shreds an owner is therefore noticed within `leaseMs`; what is sealed until then can never be
 * opened, which is the safe side.
 *
 * INVARIANT: no key seals more than `limits.seals` bodies, whatever crashes.
 */
export class DataKeys {
  readonly #options: DataKeysOptions;
  readonly #known = new Map<string, Kms>();
  readonly #leases: Lru<Lease>;
  readonly #keys: Lru<DataKey>;
  readonly #pending = new Map<string, Promise<Lease>>();
  #kms: Kms;
  #shreds = 0;

  constructor(options: DataKeysOptions) {
    this.#options = options;
    this.#kms = options.kms;
    for (const kms of [...options.former, options.kms]) this.#known.set(kms.id, kms);
    this.#leases = new Lru(options.limits.owners);
    this.#keys = new Lru(options.limits.owners);
  }

  /** The owner's key for one seal, where this process may use it without asking. */
  take(owner: string): DataKey | null {
    const lease = this.#leases.get(owner);
    if (lease === undefined) return null;
    const now = this.#options.clock.now();
    if (lease.left === 0 || now >= lease.until) return null;
    // In the second half of its time it is renewed beside the work, so that work seldom waits.
    if (lease.until - now < this.#options.limits.leaseMs / 2 && !this.#pending.has(owner)) {
      this.#lease(owner).catch(() => {});
    }
    lease.left--;
    return lease.key;
  }

  /** The owner's key for one seal, made where there is none. */
  async obtain(owner: string): Promise<DataKey> {
    for (;;) {
      const lease = await this.#lease(owner);
      // As many may have waited for one lease as it has seals.
      if (lease.left > 0) {
        lease.left--;
        return lease.key;
      }
    }
  }

  /** Unwraps a key as it was read just now; the caller has seen that it is not shredded. */
  async unwrap(row: KeyRow, owner: string): Promise<DataKey> {
    const cached = this.#keys.get(row.id);
    if (cached !== undefined) return cached;
    const shreds = this.#shreds;
    const key = dataKey(row.id, owner, await this.#kmsOf(row).unwrap(row.wrapped));
    if (shreds === this.#shreds) this.#keys.set(row.id, key);
    return key;
  }

  /** Empties all keys of an owner, for good. Answers how many there were. */
  async shred(owner: string): Promise<number> {
    const ids = await emptyKeys(this.#options.pool, owner, new Date(this.#options.clock.now()));
    // What was read before, and is on its way to the cache, does not get there.
    this.#shreds++;
    this.#leases.delete(owner);
    for (const id of ids) this.#keys.delete(id);
    await clearEmptied(this.#options.pool);
    return ids.length;
  }

  /** Wraps every key by `next`, which wraps new ones from now on too. Answers how many. */
  async rewrap(next: Kms): Promise<number> {
    const { pool } = this.#options;
    this.#known.set(next.id, next);
    this.#kms = next;
    // Keys that are being made under the old one.
    await Promise.allSettled(this.#pending.values());
    let moved = 0;
    for (;;) {
      const rows = await keysOfOtherKms(pool, next.id);
      if (rows.length === 0) return moved;
      for (const row of rows) {
        const secret = await this.#kmsOf(row).unwrap(row.wrapped);
        const wrapped = await next.wrap(secret);
        secret.fill(0);
        if (await replaceWrapping(pool, row, { ...row, kms: next.id, wrapped })) moved++;
      }
    }
  }

  #kmsOf(row: KeyRow): Kms {
    const kms = this.#known.get(row.kms);
    if (kms === undefined) throw foreignKms(row.kms, this.#kms.id);
    return kms;
  }

  // One at a time for an owner, however many wait for it.
  #lease(owner: string): Promise<Lease> {
    const running = this.#pending.get(owner);
    if (running !== undefined) return running;
    const lease = this.#makeLease(owner).finally(() => this.#pending.delete(owner));
    this.#pending.set(owner, lease);
    return lease;
  }

  async #makeLease(owner: string): Promise<Lease> {
    const { pool, limits, clock } = this.#options;
    const held = this.#leases.get(owner);
    const shreds = this.#shreds;
    const until = clock.now() + limits.leaseMs;
    const oldest = new Date(clock.now() - limits.ageMs);
    if (held !== undefined && held.left > 0 && (await isCurrent(pool, held.key.id, oldest))) {
      if (shreds === this.#shreds) {
        held.until = until;
        return held;
      }
    }
    const key = await this.#reserve(owner, oldest);
    const lease = { key, left: limits.block, until };
    if (shreds === this.#shreds) this.#leases.set(owner, lease);
    return lease;
  }

  async #reserve(owner: string, oldest: Date): Promise<DataKey> {
    const { pool, limits } = this.#options;
    for (;;) {
      const row = await reserveSeals(pool, owner, limits, oldest);
      if (row !== null) return this.unwrap(row, owner);
      await retireWorn(pool, owner, limits, oldest);
      await this.#make(owner);
    }
  }

  // Of several processes that make one at once, the first wins and all use its key.
  async #make(owner: string): Promise<void> {
    const { pool, clock, random } = this.#options;
    // A rewrap may put another in its place meanwhile: the key is labelled with what wrapped it.
    const kms = this.#kms;
    const secret = Buffer.from(random(keyBytes));
    const wrapped = await kms.wrap(secret);
    secret.fill(0);
    const row = { id: uuid7(clock.now(), random(10)), kms: kms.id, wrapped };
    await insertKey(pool, row, owner, new Date(clock.now()));
  }
}

/** The error of a key that was wrapped by something we do not have. */
export function foreignKms(wrapper: string, ours: string): GatehouseError {
  const message = `stored data keys are wrapped by \`${wrapper}\` and the key in use is \`${ours}\`; restore the key file that belongs to this database`;
  return new GatehouseError('store_unavailable', message);
}
