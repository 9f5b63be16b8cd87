import type { Clock } from '../../kernel/index.ts';
import { refused } from './refusal.ts';

/** Fetches a document. It must not follow redirects, and must give up by itself in time. */
export type Get = (url: string) => Promise<{ readonly status: number; readonly body: string }>;

const longestBody = 1_048_576;
const longestMs = 5_000;

/**
 * A JSON document from an address.
 *
 * @throws Error with the reason; never lets a caller wait for more than 5 s.
 */
export async function fetchedJson(get: Get, clock: Clock, url: string): Promise<unknown> {
  const { status, body } = await inTime(clock, get(url));
  if (status !== 200) throw new Error(`\`${url}\` answered with status ${status}`);
  if (body.length > longestBody) throw new Error(`\`${url}\` answered with more than 1 MiB`);
  try {
    return JSON.parse(body);
  } catch {
    throw new Error(`\`${url}\` answered with no JSON`);
  }
}

/** True for https, and for http on this machine: nobody can change what is fetched from there. */
export function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(text));
}

/** True for an address of this machine. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

function inTime<T>(clock: Clock, done: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`it took more than ${longestMs} ms`));
    const cancel = clock.after(longestMs, late);
    done.finally(cancel).then(resolve, reject);
  });
}

/** What keeps a fetched value: how to get it, and for how long it counts. Times in milliseconds. */
export interface KeptOptions<T> {
  /** What it is, for messages: `the keys of issuer ...`. */
  readonly what: string;
  readonly clock: Clock;
  /** Gets a new one; null where the one that is had shall stay. */
  readonly load: (had: T | null) => Promise<T | null>;
  /** After so long it is fetched again. */
  readonly refreshMs: (value: T) => number;
  /** After so long without a fetch that worked it no longer counts. */
  readonly keepMs: number;
  readonly log: (message: string) => void;
}

/** Between two fetches, whoever asks. */
const pauseMs = 30_000;
/** The same while there is nothing to go on with. */
const emptyPauseMs = 5_000;

/**
 * A value from elsewhere that is fetched when it is first needed, then again when it grows old, and
 * kept while the other side is away.
 *
 * INVARIANT: one fetch at a time, and a pause after each; who asks cannot make it more.
 */
export class Kept<T extends object> {
  readonly #options: KeptOptions<T>;
  #value: T | null = null;
  #fetchedAt = 0;
  #triedAt = Number.NEGATIVE_INFINITY;
  #failed = false;
  #loading: Promise<void> | null = null;
  #closed = false;

  constructor(options: KeptOptions<T>) {
    this.#options = options;
  }

  /** The value as it is known. @throws GatehouseError `unauthenticated` when it cannot be had. */
  async value(): Promise<T> {
    const { clock, refreshMs, keepMs } = this.#options;
    const value = this.#value;
    const age = clock.now() - this.#fetchedAt;
    if (value === null || age >= keepMs) {
      await this.#load();
      return this.#current();
    }
    const due = refreshMs(value);
    if (age >= due) {
      const loaded = this.#load();
      // What is long overdue was not asked for lately; while the other side is away none waits.
      if (age >= 2 * due && !this.#failed) await loaded;
    }
    return this.#current();
  }

  /** The value, fetched again unless that was done within 30 s: for a key that it does not hold. */
  async renewed(): Promise<T> {
    await this.#load();
    return this.#current();
  }

  /** No more fetches. */
  close(): void {
    this.#closed = true;
  }

  #current(): T {
    const { clock, keepMs, what } = this.#options;
    if (this.#value !== null && clock.now() - this.#fetchedAt < keepMs) return this.#value;
    throw refused(`${what} cannot be fetched; see the log, and try again shortly`);
  }

  #load(): Promise<void> {
    const now = this.#options.clock.now();
    if (this.#loading !== null) return this.#loading;
    const pause = this.#value === null ? emptyPauseMs : pauseMs;
    if (this.#closed || now - this.#triedAt < pause) return Promise.resolve();
    this.#triedAt = now;
    this.#loading = this.#fetch(now).finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #fetch(now: number): Promise<void> {
    const { load, log, what } = this.#options;
    try {
      this.#value = (await load(this.#value)) ?? this.#value;
      this.#fetchedAt = now;
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      log(`${what} cannot be fetched: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
