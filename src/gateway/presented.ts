import type { IncomingMessage } from 'node:http';
import type { Presented } from '../identity/index.ts';
import { GatehouseError } from '../kernel/index.ts';
import { certificatesOf } from './certificates.ts';

/**
 * What a request shows of its caller: `Authorization: Bearer` (RFC 6750, section 2.1) as OpenAI's
 * clients send it, `x-api-key` as Anthropic's do, `Authorization: DPoP` with its proof (RFC 9449,
 * section 7.1), or a client certificate.
 *
 * @throws GatehouseError `unauthenticated` when two credentials are sent that differ, or two proofs.
 */
export function presentedBy(request: IncomingMessage, origin: string): Presented {
  const { authorization } = request.headers;
  const [, scheme = '', token = ''] = /^(bearer|dpop) +(.*)$/i.exec(authorization ?? '') ?? [];
  const key = request.headers['x-api-key'];
  const api = typeof key === 'string' ? key.trim() : '';
  const bearer = token.trim();
  if (bearer !== '' && api !== '' && bearer !== api) {
    throw new GatehouseError(
      'unauthenticated',
      'two different credentials; send either authorization or x-api-key',
    );
  }
  const credential = bearer || api;
  const dpop = scheme.toLowerCase() === 'dpop';
  return {
    scheme: credential === '' ? 'none' : dpop ? 'dpop' : 'bearer',
    credential: credential || null,
    proof: proofOf(request),
    method: request.method ?? 'GET',
    url: `${origin}${pathOf(request.url ?? '/')}`,
    certificates: certificatesOf(request.socket),
  };
}

// Node joins repeated headers of this name with a comma, and a JWT has none.
function proofOf(request: IncomingMessage): string | null {
  const { dpop } = request.headers;
  if (dpop === undefined) return null;
  const proof = String(dpop);
  if (!proof.includes(',')) return proof;
  throw new GatehouseError('unauthenticated', 'two DPoP proofs were sent; send one');
}

function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}
