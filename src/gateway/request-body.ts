import type { IncomingMessage } from 'node:http';
import { GatehouseError, Gathered, type JsonObject } from '../kernel/index.ts';
import { mostDepth, nesting } from './nesting.ts';

/** What a request brought: the exact bytes, what they mean, and how deeply they nest. */
export interface RequestBody {
  readonly bytes: Buffer;
  readonly json: JsonObject;
  readonly depth: number;
}

/**
 * Reads a JSON object from a request, of at most `limit` bytes.
 *
 * @throws GatehouseError `unsupported_media`, `too_large`, `bad_json` or `bad_request`.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<RequestBody> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    const shown = type.slice(0, 80);
    throw new GatehouseError(
      'unsupported_media',
      `content-type is \`${shown}\`; send \`application/json\``,
    );
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    const shown = encoding.slice(0, 40);
    throw new GatehouseError('unsupported_media', `content-encoding \`${shown}\`; send it plain`);
  }
  const bytes = await collect(request, limit);
  const text = decoded(bytes);
  const depth = nesting(text);
  if (depth > mostDepth) {
    throw new GatehouseError('bad_request', `the body nests deeper than ${mostDepth}; flatten it`);
  }
  return { bytes, json: parsed(text), depth };
}

function collect(request: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = () =>
    new GatehouseError('too_large', `the body is over ${limit} bytes; send less in one call`);
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const gathered = new Gathered();
    request.on('data', (chunk: Buffer) => {
      if (gathered.size + chunk.length > limit) {
        request.pause();
        reject(tooLarge());
      } else gathered.add(chunk);
    });
    request.on('end', () => resolve(gathered.whole()));
    const cut = () => reject(new GatehouseError('bad_request', 'the request was cut off'));
    request.on('error', cut);
    request.on('aborted', cut);
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decoded(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new GatehouseError('bad_json', 'the body is not valid UTF-8');
  }
}

function parsed(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new GatehouseError('bad_json', 'the body is not valid JSON (RFC 8259)');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GatehouseError('bad_request', 'the body is no JSON object; send `{…}`');
  }
  return value as JsonObject;
}
