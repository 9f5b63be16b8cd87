import { type Body, type BodyRef, type Clock, GatehouseError } from '../kernel/index.ts';
import { type BlobRow, readBlob } from './blob.ts';
import type { DataKey } from './data-key.ts';
import { DataKeys, foreignKms, type KeyLimits, usualLimits } from './data-keys.ts';
import { kmsInUse } from './key-rows.ts';
import type { Kms, Random } from './kms.ts';
import { commitmentOf, opened, openingOf, type Place, sealed } from './seal.ts';
import type { Store } from './store.ts';
import { uuid7 } from './uuid.ts';

/** A body that is sealed and committed to, ready to be inserted beside its entry. */
export interface Sealed {
  readonly ref: BodyRef;
  readonly row: BlobRow;
}

/** Keeps bodies so that they can be read, proven and shredded one owner at a time. */
export interface Vault {
  /**
   * Seals a body for a trace (32 lower-case hexadecimal digits). At once when the owner's key is at
   * hand, which is nearly always; a promise when it must be fetched or made. Writes nothing:
   * insert the row with `insertBlobs` in the transaction of the entry.
   */
  seal(trace: string, body: Body): Sealed | Promise<Sealed>;
  /**
   * The body that an entry refers to, checked against its commitment.
   *
   * @throws GatehouseError `not_found` when it was never kept or its key is shredded, `unverified`
   *   when the stored bytes are not what was sealed or not what the entry commits to.
   */
  open(ref: BodyRef): Promise<Buffer>;
  /** The 32 bytes that open the commitment of this body and of no other. Throws like `open`. */
  opening(ref: BodyRef): Promise<Buffer>;
  /**
   * Destroys an owner's keys, so that no body of it can be read again, while every entry and proof
   * stays valid. Answers how many keys there were. Should the owner come back, it gets a new key.
   */
  shred(owner: string): Promise<number>;
  /** Moves all keys under another key-encryption key while work goes on. Answers how many moved. */
  rewrap(kms: Kms): Promise<number>;
}

export interface VaultOptions {
  readonly store: Pick<Store, 'pool'>;
  readonly kms: Kms;
  /** Key-encryption keys that stored data keys may still be wrapped by. */
  readonly former?: readonly Kms[];
  readonly clock: Clock;
  readonly random: Random;
  readonly limits?: Partial<KeyLimits>;
}

/**
 * Opens the vault.
 *
 * @throws GatehouseError `store_unavailable` when stored keys are wrapped by a key that is not given.
 */
export async function openVault(options: VaultOptions): Promise<Vault> {
  const { store, kms, former = [], clock } = options;
  const given = new Set([kms, ...former].map(({ id }) => id));
  const missing = (await kmsInUse(store.pool)).find((id) => !given.has(id));
  if (missing !== undefined) throw foreignKms(missing, kms.id);
  const random = pooled(options.random);
  const limits = { ...usualLimits, ...options.limits };
  const keys = new DataKeys({ pool: store.pool, kms, former, clock, random, limits });
  const make = (key: DataKey, trace: string, body: Body) =>
    sealedBody(key, { blob: uuid7(clock.now(), random(10)), trace, role: body.role }, body, random);
  return {
    seal(trace, body) {
      check(trace, body);
      const key = keys.take(body.owner);
      if (key !== null) return make(key, trace, body);
      return keys.obtain(body.owner).then((fetched) => make(fetched, trace, body));
    },
    open: async (ref) => (await openRef(store, keys, ref)).bytes,
    opening: async (ref) => (await openRef(store, keys, ref)).opening,
    shred: (owner) => keys.shred(owner),
    rewrap: (next) => keys.rewrap(next),
  };
}

function sealedBody(key: DataKey, place: Place, body: Body, random: Random): Sealed {
  const { blob, trace, role } = place;
  const commitment = commitmentOf(openingOf(key, place), body.bytes);
  return {
    ref: { role, blob, key: key.id, bytes: body.bytes.length, commitment },
    row: {
      id: blob,
      key_id: key.id,
      trace,
      role,
      sealed: sealed(key, place, body.bytes, random(12)),
    },
  };
}

async function openRef(
  store: Pick<Store, 'pool'>,
  keys: DataKeys,
  ref: BodyRef,
): Promise<{ bytes: Buffer; opening: Buffer }> {
  const row = await readBlob(store.pool, ref.blob);
  if (row === null) throw new GatehouseError('not_found', `there is no body \`${ref.blob}\``);
  const { id, owner, kms, key_id, trace, role, wrapped } = row;
  if (wrapped === null) {
    throw new GatehouseError('not_found', `the body \`${id}\` is gone: its key was shredded`);
  }
  const key = await keys.unwrap({ id: key_id, kms, wrapped }, owner);
  const place = { blob: id, trace, role };
  const bytes = opened(key, place, row.sealed);
  if (bytes === null) throw changed(id, 'it is not what was sealed');
  const opening = openingOf(key, place);
  const same = commitmentOf(opening, bytes) === ref.commitment;
  if (!same || role !== ref.role || key_id !== ref.key || bytes.length !== ref.bytes) {
    throw changed(id, 'it is not what its entry commits to');
  }
  return { bytes, opening };
}

function changed(blob: string, why: string): GatehouseError {
  const mend = 'restore the database from a backup and find out who changed it';
  return new GatehouseError(
    'unverified',
    `the stored body \`${blob}\` was changed, ${why}; ${mend}`,
  );
}

// What the database would refuse must not get into a transaction that others share.
function check(trace: string, { owner, role }: Body): void {
  if (!/^[0-9a-f]{32}$/.test(trace)) throw new TypeError(`\`${trace}\` is no trace id`);
  if (role.includes('\0') || owner.includes('\0'))
    throw new TypeError('a zero character in a name');
}

// Asking the system for a few bytes costs more than the bytes: many at a time, each used once.
function pooled(random: Random): Random {
  let pool: Buffer = Buffer.alloc(0);
  let used = 0;
  return (size) => {
    if (used + size > pool.length) {
      pool = random(Math.max(size, 4096));
      used = 0;
    }
    used += size;
    return pool.subarray(used - size, used);
  };
}
