import { isIP } from 'node:net';
import type { ListenOptions } from '../../gateway/index.ts';

/** Where the control plane listens. `tls` holds PEM texts; `hosts` further Host names to answer to. */
export type ControlListen = Pick<
  ListenOptions,
  'host' | 'port' | 'tls' | 'behindTlsProxy' | 'hosts'
>;

/**
 * The names that a listener answers to, as they stand in a Host header without its port: a page
 * whose name was re-pointed here (DNS rebinding) still sends its own name.
 */
export function hostNames({ host, hosts }: ControlListen): ReadonlySet<string> {
  const names = [host, ...hosts, 'localhost', '127.0.0.1', '::1'];
  return new Set(names.map((name) => (isIP(name) === 6 ? `[${name}]` : name.toLowerCase())));
}

/** The name in a Host header, without its port, or null if it is none. */
export function nameIn(header: string | undefined): string | null {
  const match = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::\d{1,5})?$/i.exec(header ?? '');
  return match?.[1]?.toLowerCase() ?? null;
}
