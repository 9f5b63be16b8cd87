import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { GatehouseError } from '../../kernel/index.ts';
import { bodyLimit } from './body-limit.ts';
import { hostCheck, originCheck, securityHeaders, tokenCheck } from './doorstep.ts';
import type { App, Environment } from './environment.ts';
import type { ControlParts } from './parts.ts';
import { problemAnswer, unfit } from './problem.ts';
import { agentRoutes } from './routes/agents.ts';
import { identityRoutes } from './routes/identities.ts';
import { keyRoutes } from './routes/keys.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { logFileRoutes } from './routes/log-files.ts';
import { modelRoutes } from './routes/models.ts';
import { operationRoutes } from './routes/operation.ts';
import { ownerRoutes } from './routes/owners.ts';
import { policyRoutes } from './routes/policies.ts';
import { privilegeRoutes } from './routes/privilege.ts';
import { publicKeyRoutes } from './routes/public-keys.ts';
import { quotaRoutes } from './routes/quotas.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { traceRoutes } from './routes/traces.ts';
import { whatIfRoutes } from './routes/what-if.ts';

export interface AppOptions {
  /** The Host names that are served. */
  readonly hosts: ReadonlySet<string>;
  /** The log's static files need no token. They hold metadata: names of agents and models. */
  readonly publicLog?: boolean;
  /** `/metrics` needs no token. */
  readonly openMetrics?: boolean;
}

const mostBytes = 1024 * 1024;

/** The control plane without its listener: every route behind Host, Origin and token checks. */
export function controlApp(parts: ControlParts, options: AppOptions): App {
  const app: App = new OpenAPIHono<Environment>({
    defaultHook(result) {
      if (!result.success) throw unfit(result.target, result.error.issues);
    },
  });
  const { publicLog = false, openMetrics = false } = options;
  app.onError((thrown, c) => {
    const { status, headers, body, error } = problemAnswer(thrown);
    if (error.kind === 'unexpected') parts.defect(thrown);
    return c.json(body, status as ContentfulStatusCode, headers);
  });
  app.notFound((c) => {
    const shown = `${c.req.method} ${c.req.path.slice(0, 80)}`;
    throw new GatehouseError('not_found', `\`${shown}\` is no endpoint; see \`/openapi.json\``);
  });
  app.use(securityHeaders);
  app.use(hostCheck(options.hosts));
  app.use(originCheck);
  app.use(
    tokenCheck(parts, (path) => {
      if (path === '/healthz') return true;
      return (publicLog && path.startsWith('/log/')) || (openMetrics && path === '/metrics');
    }),
  );
  app.use(bodyLimit(mostBytes));
  operationRoutes(app, parts);
  agentRoutes(app, parts);
  keyRoutes(app, parts);
  publicKeyRoutes(app, parts);
  identityRoutes(app, parts);
  ownerRoutes(app, parts);
  tokenRoutes(app, parts);
  quotaRoutes(app, parts);
  policyRoutes(app, parts);
  whatIfRoutes(app, parts);
  privilegeRoutes(app, parts);
  modelRoutes(app, parts);
  traceRoutes(app, parts, { started: parts.clock.now() });
  ledgerRoutes(app, parts);
  logFileRoutes(app, parts, publicLog);
  app.get('/openapi.json', (c) => c.json(description(app, parts.version), 200));
  return app;
}

/** The app for node's server. What is no request at all (a Host that is no name) is answered here. */
export function listenerOf(
  app: App,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    errorHandler(thrown) {
      const message = 'the request has no valid address; check its Host header and path';
      const { body } = problemAnswer(new GatehouseError('bad_request', message, { cause: thrown }));
      return Response.json(body, { status: 400 });
    },
  });
}

function description(app: App, version: string) {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Gatehouse control plane',
      version,
      description:
        'Agents, policies, traces and the record. Errors have one shape and stable codes.',
    },
    security: [{ setupToken: [] }],
  });
  const setupToken = { type: 'http' as const, scheme: 'bearer' };
  const components = { ...document.components, securitySchemes: { setupToken } };
  return { ...document, components };
}
