import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

const mostWaiting = 16;

/**
 * One call at a time on one connection: a pipelined request (RFC 9112, section 9.3.2) begins when
 * the turn of its answer comes. Until then nobody would notice that its client has left, and the
 * limit on connections would be none on calls. A connection on which more than 16 wait is cut.
 */
export function turns(handle: Handle): Handle {
  const waiting = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    // Node gives a response its socket when those before it are sent.
    if (response.socket !== null) {
      handle(request, response);
      return;
    }
    const count = (waiting.get(socket) ?? 0) + 1;
    if (count > mostWaiting) {
      socket.destroy();
      return;
    }
    waiting.set(socket, count);
    response.once('socket', () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      handle(request, response);
    });
  };
}
