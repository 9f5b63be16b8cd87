import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JWK } from 'jose';
import { Provider } from 'oidc-provider';

/** A real OIDC issuer that listens on this machine. */
export interface IssuerServer {
  readonly issuer: string;
  /** Requests that it got, as `METHOD path host`. */
  readonly requests: readonly string[];
  /** An access token (RFC 9068) by client_credentials (RFC 6749, section 4.4) for a resource. */
  token(client: string, resource: string): Promise<string>;
  close(): Promise<void>;
}

const secret = 'only-for-tests';

/**
 * Starts `oidc-provider` with these signing keys (private JWKs) and clients. Tokens for a resource
 * (RFC 8707) have it as their audience, and live 5 minutes.
 */
export async function issuerServer(
  keys: readonly JWK[],
  clients: readonly string[],
): Promise<IssuerServer> {
  const requests: string[] = [];
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, configuration(keys, clients));
  const handle = provider.callback();
  server.on('request', (request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.host}`);
    handle(request, response);
  });
  return {
    issuer,
    requests,
    async token(client, resource) {
      const answer = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${client}:${secret}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
      });
      const { access_token: token, ...rest } = (await answer.json()) as Record<string, unknown>;
      if (typeof token !== 'string') throw new Error(JSON.stringify(rest));
      return token;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function configuration(keys: readonly JWK[], clients: readonly string[]) {
  const alg = keys[0]?.alg ?? 'ES256';
  return {
    jwks: { keys },
    clients: clients.map((client) => ({
      client_id: client,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: alg,
    })),
    ttl: { ClientCredentials: 300 },
    cookies: { keys: ['only-for-tests'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_: unknown, resource: string) => ({
          scope: 'call_model',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg } },
        }),
      },
    },
  };
}
