import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ListenOptions } from '../../gateway/index.ts';
import { GatehouseError } from '../../kernel/index.ts';
import type { Config } from './schema.ts';

type Place = Pick<Config['gateway'], 'listen' | 'tls' | 'behindTlsProxy' | 'hosts'>;
type Limits = Pick<Config['gateway'], 'headersMs' | 'requestMs' | 'connections'>;

/**
 * A listener as its plane takes it, with the PEM files read. Paths start at `folder`.
 *
 * @throws GatehouseError `bad_config` for a file that cannot be read.
 */
export function listenerOf(place: Place, limits: Limits, folder: string): ListenOptions {
  const { listen, tls, behindTlsProxy, hosts } = place;
  const colon = listen.lastIndexOf(':');
  return {
    host: listen.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(listen.slice(colon + 1)),
    ...(tls === undefined
      ? {}
      : { tls: { cert: pem(tls.cert, folder), key: pem(tls.key, folder) } }),
    behindTlsProxy,
    hosts,
    headersMs: limits.headersMs,
    requestMs: limits.requestMs,
    connections: limits.connections,
  };
}

function pem(path: string, folder: string): string {
  const file = resolve(folder, path);
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `the PEM file \`${file}\` cannot be read (${code}); check \`tls\``;
    throw new GatehouseError('bad_config', message, { cause });
  }
}
