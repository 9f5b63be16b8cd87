import type { ListenOptions } from '../../gateway/index.ts';
import { fileText } from './file-text.ts';
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
      : {
          tls: {
            cert: fileText('tls.cert', tls.cert, folder),
            key: fileText('tls.key', tls.key, folder),
          },
        }),
    behindTlsProxy,
    hosts,
    headersMs: limits.headersMs,
    requestMs: limits.requestMs,
    connections: limits.connections,
  };
}
