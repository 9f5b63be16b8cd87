import type { IncomingMessage } from 'node:http';
import { Gathered } from '../../kernel/index.ts';

/** A body on its way: bytes that can be sent again, or a stream that cannot. */
export type RequestBody = Buffer | AsyncIterable<Uint8Array>;

const mostHeldBytes = 1024 * 1024;

/**
 * The body of a request: held whole if it says that it is small, so that it can be sent again with
 * another token; else passed on piece by piece, as fast as the gateway takes it. Null for none.
 */
export async function requestBody(request: IncomingMessage): Promise<RequestBody | null> {
  const length = request.headers['content-length'];
  // Theirs has no meaning (RFC 9110, section 9.3.1), and some clients say that it is empty.
  if (request.method === 'GET' || request.method === 'HEAD') return null;
  if (length === undefined && request.headers['transfer-encoding'] === undefined) return null;
  // To leave it unread must not end the connection: the answer may come before the body is done.
  const pieces = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  if (length === undefined || Number(length) > mostHeldBytes) return pieces;
  const held = new Gathered();
  for await (const piece of pieces) held.add(piece);
  return held.whole();
}
