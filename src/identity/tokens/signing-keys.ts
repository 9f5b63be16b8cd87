import type { JSONWebKeySet } from 'jose';
import { type Kysely, sql } from 'kysely';
import { type Clock, GatehouseError } from '../../kernel/index.ts';
import type { Kms, Tables } from '../../store/index.ts';
import { leewaySeconds, longestSeconds } from './lifetime.ts';
import { newKey, type SigningKey, type StoredKey, unwrapped } from './signing-key.ts';

export interface SigningKeysOptions {
  readonly db: Kysely<Tables>;
  readonly kms: Kms;
  readonly clock: Clock;
  readonly random: (size: number) => Uint8Array;
  readonly log: (line: string) => void;
}

interface Known extends SigningKey {
  readonly signsUntil: number;
  readonly verifiesUntil: number;
}

type Row = StoredKey & { created: Date; signs_until: Date; verifies_until: Date };

const signsMs = 7 * 86_400_000;
/** A new key is published this long before the one in use ends, so that it is known everywhere. */
const aheadMs = 86_400_000;
/** How long a process signs without asking which key is in use. */
const freshMs = 10_000;
/** What a key verifies for after it signed last: the longest token, and those who learn it late. */
const afterMs = (longestSeconds + leewaySeconds) * 1000 + 2 * freshMs;
// The bytes of `gh-token` as a 64-bit key.
const lockKey = '7451255561593251182';

/**
 * The keys of the token service, the same for all processes on one database. One signs, the oldest
 * that still may; a key verifies until every token that it could have signed has ended.
 */
export class SigningKeys {
  readonly #options: SigningKeysOptions;
  readonly #unwrapped = new Map<string, SigningKey>();
  readonly #told = new Set<string>();
  #known: ReadonlyMap<string, Known> = new Map();
  #readAt = Number.NEGATIVE_INFINITY;
  #reads = 0;
  #applied = 0;
  #refreshing: Promise<void> | null = null;

  constructor(options: SigningKeysOptions) {
    this.#options = options;
  }

  /** The key to sign with now. @throws GatehouseError `store_unavailable`. */
  async current(): Promise<SigningKey> {
    const now = this.#options.clock.now();
    if (now - this.#readAt >= freshMs || now < this.#readAt) await this.#refresh();
    let found = this.#signing(now);
    if (found === undefined || this.#last() - now <= aheadMs) {
      await this.#add(false);
      found = this.#signing(now);
    }
    if (found !== undefined) return found;
    throw unavailable(new Error('a new signing key was not found again'));
  }

  /** The key of that `kid`, if it verifies now. Asks the database for one that it does not know. */
  async verifying(kid: string): Promise<SigningKey | null> {
    if (!this.#known.has(kid)) await this.#read(this.#options.db);
    const found = this.#known.get(kid);
    return found !== undefined && this.#options.clock.now() < found.verifiesUntil ? found : null;
  }

  /** All keys that verify now (RFC 7517). */
  async published(): Promise<JSONWebKeySet> {
    await this.current();
    const now = this.#options.clock.now();
    const keys = [...this.#known.values()].filter(({ verifiesUntil }) => now < verifiesUntil);
    return { keys: keys.map(({ published }) => published) };
  }

  /** Puts a new key in use, here at once and elsewhere within ten seconds. Answers with its id. */
  async rotate(): Promise<string> {
    await this.#add(true);
    return (await this.current()).id;
  }

  /** Removes what has ended. */
  async sweep(now: number): Promise<void> {
    const before = new Date(now - afterMs);
    await this.#options.db.deleteFrom('signing_key').where('verifies_until', '<', before).execute();
  }

  #refresh(): Promise<void> {
    this.#refreshing ??= this.#read(this.#options.db).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  #signing(now: number): Known | undefined {
    let oldest: Known | undefined;
    for (const key of this.#known.values()) {
      if (now >= key.signsUntil) continue;
      if (oldest === undefined || key.signsUntil < oldest.signsUntil) oldest = key;
    }
    return oldest;
  }

  #last(): number {
    return Math.max(...[...this.#known.values()].map(({ signsUntil }) => signsUntil));
  }

  // One process at a time: the second finds what the first has added.
  async #add(atOnce: boolean): Promise<void> {
    const { db, kms, clock, random } = this.#options;
    await stored(() =>
      db.transaction().execute(async (tx) => {
        await sql`select pg_advisory_xact_lock(${lockKey}::bigint)`.execute(tx);
        await this.#read(tx);
        const now = clock.now();
        if (!atOnce && this.#last() - now > aheadMs) return;
        if (atOnce) await retire(tx, now);
        const { id, jwk, wrapped } = await newKey(kms, random);
        const ends = (atOnce ? now : Math.max(now, this.#last())) + signsMs;
        const row = { id, jwk: JSON.stringify(jwk), wrapped, created: new Date(now) };
        const times = { signs_until: new Date(ends), verifies_until: new Date(ends + afterMs) };
        await tx
          .insertInto('signing_key')
          .values({ ...row, ...times })
          .execute();
      }),
    );
    await this.#read(db);
  }

  async #read(db: Kysely<Tables>): Promise<void> {
    const at = this.#options.clock.now();
    const serial = ++this.#reads;
    const rows = await stored(() => db.selectFrom('signing_key').selectAll().execute());
    const known = new Map<string, Known>();
    for (const row of rows as readonly Row[]) {
      const key = await this.#unwrap(row);
      if (key === null) continue;
      const [signsUntil, verifiesUntil] = [row.signs_until.getTime(), row.verifies_until.getTime()];
      known.set(row.id, { ...key, signsUntil, verifiesUntil });
    }
    // What was asked earlier may be answered later.
    if (serial < this.#applied) return;
    this.#applied = serial;
    this.#known = known;
    this.#readAt = at;
  }

  async #unwrap(row: Row): Promise<SigningKey | null> {
    const found = this.#unwrapped.get(row.id);
    if (found !== undefined) return found;
    try {
      const key = await unwrapped(row, this.#options.kms);
      this.#unwrapped.set(row.id, key);
      return key;
    } catch {
      if (!this.#told.has(row.id)) {
        this.#options.log(
          `signing key \`${row.id}\` does not open with the key file; it is unused`,
        );
      }
      this.#told.add(row.id);
      return null;
    }
  }
}

async function retire(tx: Kysely<Tables>, now: number): Promise<void> {
  await tx
    .updateTable('signing_key')
    .set({ signs_until: new Date(now), verifies_until: new Date(now + afterMs) })
    .where('signs_until', '>', new Date(now))
    .execute();
}

async function stored<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof GatehouseError ? error : unavailable(error);
  }
}

function unavailable(cause: unknown): GatehouseError {
  const message = 'the keys of the token service cannot be read; try again shortly';
  return new GatehouseError('store_unavailable', message, { cause });
}
