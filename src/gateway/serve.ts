import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatehouseError, toGatehouseError } from '../kernel/index.ts';
import { type Dialect, dialectAt, familyOf } from './dialects/index.ts';
import { type Exchange, type Outcome, wireError } from './exchange.ts';
import { listModels } from './list-models.ts';
import type { Hosts } from './listen.ts';
import type { GatewayOptions, GatewayParts } from './parts.ts';
import { type Progress, passage } from './passage.ts';
import { serveTokens } from './token-endpoint.ts';
import { parentOf, traceId } from './trace-id.ts';

/** One request, from its first line to the last byte of its answer. Never throws. */
export function serve(
  parts: GatewayParts,
  options: GatewayOptions,
  hosts: Hosts,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const path = pathOf(request.url ?? '/');
  if (path === '/healthz' && request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}');
    return;
  }
  const trace = traceId(parts.clock.now(), parts.random);
  response.setHeader('x-gatehouse-trace', trace);
  const dialect = dialectAt(path);
  const refuse = (error: GatehouseError) => tell(parts, request, response, dialect, trace, error);
  const tokens = parts.tokens.serves(path);
  const wrong = doorstep(hosts, request, path, dialect, tokens);
  if (wrong !== null) {
    refuse(wrong);
    return;
  }
  if (tokens) {
    serveTokens(parts, path, trace, request, response).catch((thrown) =>
      refuse(toGatehouseError(thrown)),
    );
    return;
  }
  if (dialect === null) {
    listModels(parts, trace, request, response).catch((thrown) => refuse(toGatehouseError(thrown)));
    return;
  }
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  const call: Exchange = {
    trace,
    parent: parentOf(header(request, 'traceparent')),
    begun: parts.clock.now(),
    request,
    response,
    dialect,
    gone,
  };
  const progress = unknown();
  passage(parts, options, call, progress)
    .catch((thrown: unknown): Outcome => {
      const error = toGatehouseError(thrown);
      refuse(error);
      const { status } = error;
      if (gone.signal.aborted && !response.writableEnded) return { status, ended: 'cancelled' };
      return { status, ended: error.kind === 'user' ? 'refused' : 'failed' };
    })
    .then((outcome) => parts.over(summary(parts, call, progress, outcome)));
}

/** What can be said of a request before anyone looks at who asks. */
function doorstep(
  hosts: Hosts,
  request: IncomingMessage,
  path: string,
  dialect: Dialect | null,
  tokens: boolean,
): GatehouseError | null {
  const host = request.headers.host;
  if (!hosts.has(host)) {
    const shown = (host ?? '').slice(0, 80);
    return new GatehouseError('misdirected', `host \`${shown}\` is not served here; see \`hosts\``);
  }
  if (request.headers.origin !== undefined) {
    return new GatehouseError('refused', 'web pages may not call the gateway (an Origin was sent)');
  }
  // It knows its own methods.
  if (tokens) return null;
  if (dialect === null && path !== '/v1/models') {
    const shown = path.slice(0, 80);
    return new GatehouseError(
      'not_found',
      `\`${shown}\` is no endpoint here; see the documentation`,
    );
  }
  const wanted = dialect === null ? 'GET' : 'POST';
  if (request.method !== wanted) {
    return new GatehouseError('method_not_allowed', `use ${wanted} on \`${path}\``);
  }
  return null;
}

/** Tells the caller of an error in its protocol's own shape, also when a stream is under way. */
function tell(
  parts: GatewayParts,
  request: IncomingMessage,
  response: ServerResponse,
  dialect: Dialect | null,
  trace: string,
  error: GatehouseError,
): void {
  if (error.kind === 'unexpected') parts.defect(error, trace);
  if (response.destroyed || response.writableEnded) return;
  const family = dialect?.family ?? familyOf(request.headers);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status } = error;
  const body = JSON.stringify(family.errorBody(wireError(parts, trace, error)));
  // What was not read of the request is not waited for.
  if (!request.complete) response.shouldKeepAlive = false;
  const hints = status === 401 ? { 'www-authenticate': 'Bearer realm="gatehouse"' } : {};
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...hints,
  });
  response.end(body);
}

function summary(parts: GatewayParts, call: Exchange, progress: Progress, outcome: Outcome) {
  const { agent, facts, level, upstream, served, usage } = progress;
  return {
    trace: call.trace,
    parent: call.parent,
    protocol: call.dialect.id,
    agent,
    asked: facts?.model ?? '',
    served,
    upstream,
    stream: facts?.stream ?? false,
    status: outcome.status,
    level,
    ended: outcome.ended,
    begun: call.begun,
    ms: parts.clock.now() - call.begun,
    usage,
  };
}

function unknown(): Progress {
  return { agent: '', facts: null, level: 'deny', upstream: null, served: null, usage: null };
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
