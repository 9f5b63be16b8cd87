import type { IncomingMessage } from 'node:http';
import { GatehouseError } from '../../kernel/index.ts';

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Where at the gateway a request goes, if it may: from this machine's name for the sidecar, from
 * no web page, and to the endpoints of models alone.
 *
 * INVARIANT: the path is judged as it is sent. `/v1/../oauth/token` and its spellings are resolved
 * first, so that nobody reaches what stands beside `/v1/` with the agent's credential.
 *
 * @throws GatehouseError `misdirected`, `refused`, `method_not_allowed` or `not_found`.
 */
export function requestTarget(request: IncomingMessage, port: number, gateway: string): string {
  const { host = '', origin } = request.headers;
  const { method = '', url = '' } = request;
  if (host.toLowerCase() !== `127.0.0.1:${port}` && host.toLowerCase() !== `localhost:${port}`) {
    const shown = host.slice(0, 80);
    const message = `host \`${shown}\` is not served here; call 127.0.0.1:${port}`;
    throw new GatehouseError('misdirected', message);
  }
  // DNS rebinding ends at the Host header, a page that calls straight away ends here.
  if (origin !== undefined || request.headers['sec-fetch-site'] !== undefined) {
    throw new GatehouseError('refused', 'a web page may not call the sidecar; call the gateway');
  }
  if (!methods.has(method)) {
    const message = `method \`${method}\` is not served here; the endpoints take GET and POST`;
    throw new GatehouseError('method_not_allowed', message);
  }
  const target = url.startsWith('/') ? URL.parse(gateway + url) : null;
  if (!target?.pathname.startsWith('/v1/')) {
    const shown = url.split('?', 1)[0]?.slice(0, 80);
    throw new GatehouseError('not_found', `\`${shown}\` is not served here; call /v1/…`);
  }
  return target.href;
}
