import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { refusePlainOffLoopback } from '../../gateway/index.ts';
import { GatehouseError } from '../../kernel/index.ts';
import { controlApp, listenerOf } from './control-app.ts';
import { type ControlListen, hostNames } from './listen.ts';
import type { ControlParts } from './parts.ts';

export interface ControlOptions {
  readonly listen: ControlListen;
  readonly publicLog?: boolean;
  readonly openMetrics?: boolean;
}

/** A listening control plane. */
export interface ControlPlane {
  /** Where it is reached, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, lets those under way end for at most `graceMs`, then cuts them. */
  close(graceMs?: number): Promise<void>;
}

// A client that dribbles its request (slow-loris) loses its connection.
const limits = { headersMs: 10_000, requestMs: 30_000, connections: 500 };

/**
 * Opens the control plane: HTTP API, metrics and the log's static files on one listener.
 *
 * @throws GatehouseError `bad_config` when the address cannot be listened on safely or at all.
 */
export async function controlPlane(
  parts: ControlParts,
  { listen, ...options }: ControlOptions,
): Promise<ControlPlane> {
  refusePlainOffLoopback({ ...listen, ...limits });
  const app = controlApp(parts, { hosts: hostNames(listen), ...options });
  const settings = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: 10_000,
    maxHeaderSize: 16_384,
    requireHostHeader: false,
  };
  const handle = listenerOf(app);
  const server = listen.tls
    ? createTlsServer({ ...settings, ...listen.tls, minVersion: 'TLSv1.2' }, handle)
    : createServer(settings, handle);
  server.maxConnections = limits.connections;
  server.maxHeadersCount = 100;
  await listening(server, listen);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : listen.port;
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return {
    url: `${listen.tls ? 'https' : 'http'}://${host}:${port}`,
    port,
    close: (graceMs = 5_000) => closed(server, parts.clock, graceMs),
  };
}

function listening(server: Server, { host, port }: ControlListen): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const mend =
        cause.code === 'EADDRINUSE'
          ? 'another program listens there; stop it or set `control.listen`'
          : `the system says ${cause.code}; set \`control.listen\``;
      const message = `cannot listen on \`${host}:${port}\`: ${mend}`;
      reject(new GatehouseError('bad_config', message, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

function closed(server: Server, clock: ControlParts['clock'], graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(graceMs, () => server.closeAllConnections());
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}
