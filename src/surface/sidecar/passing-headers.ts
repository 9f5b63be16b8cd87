import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

// RFC 9110, section 7.6.1, and what a client's own proxy would be told.
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

// Who asks is said by the sidecar alone, and where the call came from is known to the gateway.
const ownSaying =
  /^(authorization|x-api-key|api-key|x-goog-api-key|dpop|cookie|forwarded|x-forwarded-.*|x-real-ip)$/;

// The outgoing call sets its own: `expect` was answered here, lengths are of the body as sent.
const ownCall = new Set(['host', 'content-length', 'expect', 'accept-encoding']);

/** What of a program's headers goes on to the gateway. */
export function headersOnward(headers: IncomingHttpHeaders): Record<string, string> {
  const named = nominated(headers.connection);
  const passing: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || hopByHop.has(name) || named.has(name)) continue;
    if (ownSaying.test(name) || ownCall.has(name)) continue;
    passing[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  // A body that came compressed would be unpacked on the way, and not pass unchanged.
  passing['accept-encoding'] = 'identity';
  return passing;
}

/** What of the gateway's headers goes back to the program; a cookie would be a credential. */
export function headersBack(headers: Headers): OutgoingHttpHeaders {
  const named = nominated(headers.get('connection') ?? undefined);
  const unpacked = headers.has('content-encoding');
  const passing: OutgoingHttpHeaders = {};
  for (const [name, value] of headers) {
    if (hopByHop.has(name) || named.has(name) || name === 'set-cookie') continue;
    if (unpacked && (name === 'content-encoding' || name === 'content-length')) continue;
    passing[name] = value;
  }
  return passing;
}

function nominated(connection: string | undefined): ReadonlySet<string> {
  return new Set((connection ?? '').toLowerCase().split(/[\s,]+/));
}
