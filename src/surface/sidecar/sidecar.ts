import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { toGatehouseError } from '../../kernel/index.ts';
import type { Passage } from './passage.ts';
import { requestTarget } from './request-target.ts';

/** A listening sidecar. */
export interface Sidecar {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  close(): Promise<void>;
}

export interface SidecarParts {
  /** Scheme, host and port of the gateway. */
  readonly gateway: string;
  readonly pass: Passage;
  /** True if the program at the other end of a connection may use the agent's credential. */
  readonly admits: (socket: Socket) => Promise<boolean>;
}

/**
 * Listens on a free port of 127.0.0.1 for the program of one run, and passes its calls on to the
 * gateway in the agent's name. It holds the credential, so it asks three things of a caller: the
 * right user, the right Host, and to be no web page.
 */
export async function openSidecar(parts: SidecarParts): Promise<Sidecar> {
  const admitted = new WeakMap<Socket, Promise<boolean>>();
  let port = 0;
  const server = createServer({ keepAliveTimeout: 65_000, noDelay: true }, (request, response) => {
    handle(request, response).catch((thrown: unknown) => refuse(response, thrown));
  });
  server.on('connection', (socket) => admitted.set(socket, parts.admits(socket)));
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    if ((await admitted.get(request.socket)) !== true) request.socket.destroy();
    else await parts.pass(requestTarget(request, port, parts.gateway), request, response);
  };
  port = await listening(server);
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

/** An error in the shape that both OpenAI's and Anthropic's clients read. */
function refuse(response: ServerResponse, thrown: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { status, code, message, kind } = toGatehouseError(thrown);
  const type = kind === 'user' ? 'invalid_request_error' : 'api_error';
  const body = JSON.stringify({ type: 'error', error: { type, code, message, param: null } });
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    // What is left of the request is not read.
    connection: 'close',
  });
  response.end(body);
}
