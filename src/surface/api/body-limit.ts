import type { IncomingMessage } from 'node:http';
import type { MiddlewareHandler } from 'hono';
import { GatehouseError } from '../../kernel/index.ts';
import type { Environment } from './environment.ts';

/**
 * Refuses bodies of more than `most` bytes, whether they say their length or come in chunks (RFC
 * 9112, section 7.1). Hono's own limit makes a `Request` anew, which node's server does not allow.
 */
export function bodyLimit(most: number): MiddlewareHandler<Environment> {
  return async (c, next) => {
    const { incoming } = c.env;
    const { 'content-length': length, 'transfer-encoding': coding } = incoming.headers;
    if (length !== undefined && Number(length) > most) throw tooLarge();
    if (coding !== undefined) {
      const body = await whole(incoming, most);
      // Where Hono looks first, as promises: handlers read the body as ever.
      Object.assign(c.req.bodyCache, { arrayBuffer: Promise.resolve(body) });
    }
    await next();
  };
}

async function whole(incoming: IncomingMessage, most: number): Promise<ArrayBuffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // The connection stays, so that the refusal can be answered.
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      if (size > most) break;
      chunks.push(chunk as Buffer);
    }
  } catch (cause) {
    throw new GatehouseError('timed_out', 'the body broke off; send it again', { cause });
  }
  if (size > most) throw tooLarge();
  return new Uint8Array(Buffer.concat(chunks)).buffer;
}

function tooLarge(): GatehouseError {
  return new GatehouseError('too_large', 'the body is larger than 1 MB; send less');
}
