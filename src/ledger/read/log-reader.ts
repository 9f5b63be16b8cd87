import type pg from 'pg';
import { GatehouseError, type JsonObject } from '../../kernel/index.ts';
import { type Head, openCheckpoint, signCheckpoint } from '../note/checkpoint.ts';
import { type Signer, verifierOf } from '../note/key.ts';
import { type HeadRow, hashRows, oneHead, selectHead } from '../sequence/log-rows.ts';
import { packEntries } from '../tiles/entry-bundle.ts';
import { mostLevels, nodesFromTiles, tileWidth, widthIn } from '../tiles/tile.ts';
import { sameBytes } from '../tree/hash.ts';
import { provesConsistency } from '../tree/proof.ts';
import { proveConsistency, type ReadNode } from '../tree/prover.ts';
import type { Published } from './published.ts';

/** A signed head as text, and what it says. */
export interface Checkpoint {
  readonly head: Head;
  readonly text: string;
}

/** An entry with its place in the log. */
export interface LogEntry {
  readonly index: number;
  readonly entry: JsonObject;
}

/** An entry as its bytes stand in the log, as text. */
export interface RawEntry {
  readonly index: number;
  readonly text: string;
}

/** Reads the log out of the database: what is durable, and nothing else. */
export class LogReader {
  readonly #pool: pg.Pool;
  readonly #signer: Signer;
  readonly #published: Published;
  #latest: Checkpoint | null = null;
  #signing: Promise<Checkpoint | null> = Promise.resolve(null);

  constructor(pool: pg.Pool, signer: Signer, published: Published) {
    this.#pool = pool;
    this.#signer = signer;
    this.#published = published;
  }

  async head(): Promise<Head> {
    const { rows } = await this.#pool.query<HeadRow>({ name: 'ledger-head', text: selectHead });
    return oneHead(rows);
  }

  /**
   * The head, signed. Remembered outside of the database before it is handed out.
   *
   * INVARIANT: what is signed is durable, and a continuation of what was signed before.
   *
   * @throws GatehouseError `unverified` when the log is no continuation of the last checkpoint.
   */
  checkpoint(): Promise<Checkpoint> {
    // One at a time, so that each is compared with the one before.
    this.#signing = this.#signing.catch(() => {}).then(() => this.#signed());
    return this.#signing as Promise<Checkpoint>;
  }

  async #signed(): Promise<Checkpoint> {
    const head = await this.head();
    this.#latest ??= await this.#lastPublished();
    const before = this.#latest;
    if (before !== null) {
      if (head.size === before.head.size && sameBytes(head.root, before.head.root)) return before;
      await this.#checkContinues(before.head, head);
    }
    const latest = { head, text: signCheckpoint(head, this.#signer) };
    await this.#published.save(latest.text);
    this.#latest = latest;
    return latest;
  }

  async #lastPublished(): Promise<Checkpoint | null> {
    const text = await this.#published.load();
    if (text === null) return null;
    const head = openCheckpoint(text, verifierOf(this.#signer.vkey));
    if (head !== null && head.origin === this.#signer.name) return { head, text };
    const message =
      'the remembered checkpoint was not signed by the key of this log; restore key and checkpoint together';
    throw new GatehouseError('unverified', message);
  }

  async #checkContinues(before: Head, head: Head): Promise<void> {
    if (head.size > before.size) {
      const proof = await proveConsistency(before.size, head.size, this.nodes(head.size));
      if (provesConsistency(proof, before.size, head.size, before.root, head.root)) return;
    }
    const message = `the log holds \`${head.size}\` entries that do not continue the \`${before.size}\` of a published checkpoint; the database was set back or changed: restore the newest backup, and do not go on with this one`;
    throw new GatehouseError('unverified', message);
  }

  /** Hashes of a tile in one piece, or null while the log has not so many. */
  async tile(level: number, index: number, width: number = tileWidth): Promise<Uint8Array | null> {
    if (!isPlace(index, width) || level < 0 || level >= mostLevels) return null;
    if (width === tileWidth) {
      const { rows } = await this.#pool.query<{ hashes: Buffer }>({
        name: 'ledger-tile',
        text: 'select hashes from log_tile where level = $1 and index = $2',
        values: [level, index],
      });
      return rows[0]?.hashes ?? null;
    }
    const from = index * tileWidth;
    const hashes = await hashRows(this.#pool, level, from, from + width);
    return hashes.length === width ? Buffer.concat(hashes) : null;
  }

  /** Entries as a bundle (C2SP tlog-tiles), or null while the log has not so many. */
  async entries(index: number, width: number = tileWidth): Promise<Uint8Array | null> {
    if (!isPlace(index, width)) return null;
    const from = index * tileWidth;
    const { rows } = await this.#pool.query<{ data: Buffer }>({
      name: 'ledger-entries',
      text: 'select data from log_entry where index >= $1 and index < $2 order by index',
      values: [from, from + width],
    });
    return rows.length === width ? packEntries(rows.map(({ data }) => data)) : null;
  }

  async entry(index: number): Promise<LogEntry | null> {
    if (!Number.isSafeInteger(index) || index < 0) return null;
    const { rows } = await this.#pool.query<Row>({
      name: 'ledger-entry',
      text: 'select index, data from log_entry where index = $1',
      values: [index],
    });
    return rows[0] === undefined ? null : parsed(rows[0]);
  }

  /** The entries of a trace in order, as their bytes stand. */
  async rawByTrace(trace: string): Promise<readonly RawEntry[]> {
    if (!/^[0-9a-f]{32}$/.test(trace)) return [];
    const { rows } = await this.#pool.query<Row>({
      name: 'ledger-trace',
      text: 'select index, data from log_entry where trace = $1 order by index',
      values: [trace],
    });
    return rows.map(({ index, data }) => ({ index, text: data.toString() }));
  }

  async latest(limit: number, before?: number): Promise<readonly LogEntry[]> {
    const { rows } = await this.#pool.query<Row>({
      name: 'ledger-latest',
      text: `select index, data from log_entry where index < $2 order by index desc limit $1`,
      values: [limit, before ?? Number.MAX_SAFE_INTEGER],
    });
    return rows.map(parsed);
  }

  /** The nodes of the tree as it was at `size`, which the log has reached. */
  nodes(size: number): ReadNode {
    return nodesFromTiles(size, async (level, index, width) => {
      // A partial tile that has become full since is the beginning of the full one.
      const tile = await this.tile(level, index, width);
      if (tile !== null) return tile;
      const wide = widthIn(size, level, index);
      throw new GatehouseError(
        'unverified',
        `tile \`${index}\` of level \`${level}\` (width ${wide}) is missing from the database; run \`gatehouse verify\``,
      );
    });
  }
}

interface Row {
  readonly index: number;
  readonly data: Buffer;
}

function parsed({ index, data }: Row): LogEntry {
  return { index, entry: JSON.parse(data.toString()) };
}

function isPlace(index: number, width: number): boolean {
  const counts = Number.isSafeInteger(index * tileWidth) && index >= 0;
  return counts && Number.isInteger(width) && width >= 1 && width <= tileWidth;
}
