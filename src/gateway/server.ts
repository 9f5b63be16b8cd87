import { constants } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { GatehouseError } from '../kernel/index.ts';
import { hostsOf, type ListenOptions, refusePlainOffLoopback } from './listen.ts';
import type { GatewayOptions, GatewayParts } from './parts.ts';
import { serve } from './serve.ts';
import { turns } from './turns.ts';

/** A listening data plane. */
export interface Gateway {
  readonly url: string;
  readonly port: number;
  /** Takes no new calls, lets those under way end for at most `graceMs`, then cuts them. */
  close(graceMs?: number): Promise<void>;
}

/**
 * Opens the data plane: OpenAI's and Anthropic's endpoints on one listener.
 *
 * @throws GatehouseError `bad_config` when the address cannot be listened on safely or at all.
 */
export async function openGateway(
  parts: GatewayParts,
  options: GatewayOptions,
  listen: ListenOptions,
): Promise<Gateway> {
  refusePlainOffLoopback(listen);
  const settings = {
    headersTimeout: listen.headersMs,
    requestTimeout: listen.requestMs,
    connectionsCheckingInterval: Math.min(1_000, listen.headersMs),
    keepAliveTimeout: 65_000,
    maxHeaderSize: 16_384,
    requireHostHeader: true,
    noDelay: true,
  };
  const allowed = hostsOf(listen);
  const handle = turns((request, response) => serve(parts, options, allowed, request, response));
  const server = listen.tls
    ? createTlsServer({ ...settings, ...listen.tls, ...clientTls(listen) }, handle)
    : createServer(settings, handle);
  server.maxConnections = listen.connections;
  server.maxHeadersCount = 100;
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    endBadConnection(error, socket);
  });
  await listening(server, listen);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : listen.port;
  allowed.port(port);
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return {
    url: `${listen.tls ? 'https' : 'http'}://${host}:${port}`,
    port,
    close: (graceMs = 5_000) => closed(server, graceMs),
  };
}

// A resumed session would show the client's certificate without its chain.
function clientTls({ clientCertificates = false }: ListenOptions) {
  if (!clientCertificates) return { minVersion: 'TLSv1.2' as const };
  const secureOptions = constants.SSL_OP_NO_TICKET;
  return {
    minVersion: 'TLSv1.2' as const,
    requestCert: true,
    rejectUnauthorized: false,
    secureOptions,
  };
}

function listening(server: Server, { host, port }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const where = `${host}:${port}`;
      const mend =
        cause.code === 'EADDRINUSE'
          ? 'another program listens there; stop it or set `gateway.listen`'
          : `the system says ${cause.code}; set \`gateway.listen\``;
      reject(new GatehouseError('bad_config', `cannot listen on \`${where}\`: ${mend}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

// What node's parser would not take (smuggled lengths, broken headers, a client too slow) never
// becomes a request; it gets a plain answer and the connection ends.
function endBadConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, code] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ['408 Request Timeout', 'timed_out']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? ['431 Request Header Fields Too Large', 'too_large']
        : ['400 Bad Request', 'bad_request'];
  const message = 'the request is not valid HTTP/1.1, too slow, or its headers are too large';
  const body = JSON.stringify({ error: { type: 'invalid_request_error', code, message } });
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\nconnection: close\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function closed(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
