import type { Client } from './clients.ts';

/** A request whose client has proved itself. */
export interface Asked {
  readonly form: ReadonlyMap<string, string>;
  readonly client: Client;
  /** RFC 7638 thumbprint of the key that the client proved with this request; null: none. */
  readonly thumbprint: string | null;
}
