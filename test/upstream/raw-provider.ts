import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** One request as its bytes came, and the socket to answer on. */
export interface Asked {
  readonly text: string;
  readonly socket: Socket;
  /** Which request this is, from 1, over all connections. */
  readonly nth: number;
}

export interface RawProvider {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** Connections that were opened so far. */
  readonly connections: () => number;
  /** Resolves when this many connections have been closed. */
  closed(count: number): Promise<void>;
  /** Resolves when this many requests have come. */
  reached(count: number): Promise<void>;
}

/**
 * A provider that says exactly the bytes it is told to, right or wrong, on a real socket. A request
 * counts when its body, as long as its `content-length`, is there.
 */
export async function rawProvider(
  t: TestContext,
  answer: (asked: Asked) => void,
): Promise<RawProvider> {
  const asked: Asked[] = [];
  let opened = 0;
  let closed = 0;
  const waiting = new Set<() => void>();
  const sockets = new Set<Socket>();
  const changed = (): void => {
    for (const check of waiting) check();
  };
  const until = (met: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!met()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  const server = createServer((socket) => {
    opened++;
    sockets.add(socket);
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (data) => {
      text += data;
      if (!complete(text)) return;
      const one = { text, socket, nth: asked.length + 1 };
      text = '';
      asked.push(one);
      changed();
      answer(one);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      closed++;
      changed();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    connections: () => opened,
    closed: (count) => until(() => closed >= count),
    reached: (count) => until(() => asked.length >= count),
  };
}

function complete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /content-length: (\d+)/i.exec(text.slice(0, end));
  return text.length >= end + 4 + Number(length?.[1] ?? 0);
}

/** A whole answer in bytes. */
export function answered(status: number, body: string, headers: readonly string[] = []): string {
  const length = `content-length: ${Buffer.byteLength(body)}`;
  return [`HTTP/1.1 ${status} X`, length, ...headers, '', body].join('\r\n');
}
