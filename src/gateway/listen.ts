import { isIP } from 'node:net';
import { GatehouseError } from '../kernel/index.ts';

/** Where to listen and how. `tls` holds PEM texts. Times are milliseconds. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Ask clients for a certificate (mutual TLS). Whether it counts is decided with the caller. */
  readonly clientCertificates?: boolean;
  readonly behindTlsProxy: boolean;
  readonly hosts: readonly string[];
  readonly headersMs: number;
  readonly requestMs: number;
  readonly connections: number;
}

/** True for 127.0.0.0/8, ::1 and `localhost`. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/**
 * INVARIANT: credentials and prompts never cross a network in the clear.
 *
 * @throws GatehouseError `bad_config` for plain HTTP off loopback, unless a proxy ends TLS.
 */
export function refusePlainOffLoopback(listen: ListenOptions): void {
  if (listen.tls !== undefined || listen.behindTlsProxy || isLoopback(listen.host)) return;
  throw new GatehouseError(
    'bad_config',
    `plain HTTP on \`${listen.host}\` would send credentials in the clear; set \`tls\`, or ` +
      '`behindTlsProxy: true` if a proxy in front ends TLS',
  );
}

/** The Host names that a listener answers to. Others are refused: DNS rebinding ends here. */
export interface Hosts {
  port(port: number): void;
  /** True if the Host header names this listener. */
  has(header: string | undefined): boolean;
}

export function hostsOf(listen: ListenOptions): Hosts {
  const names = [listen.host, ...listen.hosts, 'localhost', '127.0.0.1', '::1'];
  const allowed = new Set<string>();
  const add = (port: number) => {
    for (const name of names) {
      const bare = name.includes(':') && isIP(name) === 6 ? `[${name}]` : name.toLowerCase();
      allowed.add(`${bare}:${port}`);
      if (port === 80 || port === 443 || listen.hosts.includes(name)) allowed.add(bare);
    }
  };
  add(listen.port);
  return {
    port: add,
    has: (header) => header !== undefined && allowed.has(header.toLowerCase()),
  };
}
