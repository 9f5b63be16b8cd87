import type { Clock } from '../../kernel/index.ts';
import type { Terminal } from './terminal.ts';

/** What `main` does for the command line. */
export interface Product {
  /** Runs until it is told to end; answers the exit code. Without `tour: false` it plays it once. */
  start(options: { readonly config?: string; readonly tour?: boolean }): Promise<number>;
  tour(options: { readonly config?: string }): Promise<number>;
  /**
   * Reads the configuration, the usual one without a path.
   *
   * @throws GatehouseError `bad_config`.
   */
  config(path?: string): {
    readonly source: string;
    readonly policyFolder: string;
    readonly settings: object;
    /** What it allows and nobody means, in sentences. */
    readonly warnings: readonly string[];
  };
  /** Where the running product says its address and token: `control.json`. @throws `bad_config` */
  controlFile(): string;
}

/** What a command works with. */
export interface Command {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `fetch`, given. */
  call(url: string, init: RequestInit): Promise<Response>;
  readonly product: Product;
  readonly clock: Clock;
  /** `size` random bytes. */
  random(size: number): Uint8Array;
}
