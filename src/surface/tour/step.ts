import type { ClientOptions } from 'openai';
import { type Clock, GatehouseError } from '../../kernel/index.ts';

/** A `fetch` as the official clients take it. */
export type Fetch = NonNullable<ClientOptions['fetch']>;

/** What the tour plays against: the running product, through its own front doors. */
export interface TourWorld {
  readonly gatewayUrl: string;
  readonly controlUrl: string;
  readonly token: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** `size` random bytes. */
  random(size: number): Uint8Array;
  /** Checks a bundle offline. `problem` is null if all of it holds. */
  verify(bundle: string): Promise<{
    readonly checks: readonly unknown[];
    readonly problem: string | null;
  }>;
  readonly out: TourOut;
}

/** Where the tour is told. */
export interface TourOut {
  title(text: string): void;
  say(text: string): void;
  /** A labelled line of what happened: who sent or saw what. */
  show(label: string, text: string): void;
  good(text: string): void;
}

/** Calls the control plane as the CLI does. */
export async function control<T>(world: TourWorld, path: string, body?: object): Promise<T> {
  return JSON.parse(await controlText(world, path, body)) as T;
}

/** The same, with the answer as it came, to the byte. */
export async function controlText(world: TourWorld, path: string, body?: object): Promise<string> {
  const answer = await world.fetch(world.controlUrl + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${world.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.ok) return text;
  throw new GatehouseError('bad_request', `the tour failed at \`${path}\`: ${text.slice(0, 300)}`);
}

/** The tour shows what must happen; when it does not, it fails and says so. */
export function expect(held: boolean, what: string): void {
  if (!held) throw new GatehouseError('unverified', `the tour saw what must not be: ${what}`);
}

/** The trace of a call, as its answer names it. */
export function traceOf(response: Response): string {
  return response.headers.get('x-gatehouse-trace') ?? '';
}
