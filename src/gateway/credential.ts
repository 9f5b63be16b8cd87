import type { IncomingMessage } from 'node:http';
import { GatehouseError } from '../kernel/index.ts';

/**
 * The one credential of a request: `Authorization: Bearer` (RFC 6750, section 2.1) as OpenAI's
 * clients send it, or `x-api-key` as Anthropic's do. Null if there is none.
 *
 * @throws GatehouseError `unauthenticated` when two are sent that differ.
 */
export function credentialOf(request: IncomingMessage): string | null {
  const header = request.headers.authorization;
  const key = request.headers['x-api-key'];
  const bearer = header !== undefined && /^bearer /i.test(header) ? header.slice(7).trim() : null;
  const api = typeof key === 'string' ? key.trim() : null;
  if (bearer !== null && api !== null && bearer !== api) {
    throw new GatehouseError(
      'unauthenticated',
      'two different credentials; send either authorization or x-api-key',
    );
  }
  return bearer ?? api;
}
