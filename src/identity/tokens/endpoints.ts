import { GatehouseError, type JsonObject } from '../../kernel/index.ts';
import { answered, failed, published, wrongMethod } from './answer.ts';
import type { Authenticate, Client } from './clients.ts';
import { needed, parameters, type TokenRequest } from './form.ts';
import { type GrantParts, granted } from './grants.ts';
import { introspected } from './introspection.ts';
import { type Prepared, pendingOf } from './issue.ts';
import { metadata, paths } from './metadata.ts';
import { OAuthError } from './oauth-error.ts';
import type { Proofs } from './proofs.ts';
import { type Revoke, revoked } from './revocation.ts';
import type { SigningKeys } from './signing-keys.ts';

export interface EndpointParts extends GrantParts {
  readonly keys: SigningKeys;
  readonly proofs: Proofs;
  readonly authenticate: Authenticate;
  readonly revoke: Revoke;
}

/** Never rejects. */
export type Endpoint = (request: TokenRequest) => Promise<Prepared>;

/** The endpoints by their paths. */
export function endpoints(parts: EndpointParts): ReadonlyMap<string, Endpoint> {
  const { issuer, keys, verifyIdJag } = parts;
  const known = metadata(issuer, verifyIdJag !== null);
  return new Map([
    [paths.token, posted((request, form, client) => issue(parts, request, form, client), parts)],
    [paths.introspect, posted((_, form) => introspect(parts, form), parts)],
    [paths.revoke, posted((_, form, client) => end(parts, form, client), parts)],
    [paths.jwks, shown(() => keys.published())],
    [paths.metadata, shown(async () => known)],
  ]);
}

type Form = ReadonlyMap<string, string>;
type Posted = (request: TokenRequest, form: Form, client: Client) => Promise<Prepared>;

/** An endpoint for clients that prove who they are. */
function posted(run: Posted, { authenticate }: EndpointParts): Endpoint {
  return async (request) => {
    if (request.method !== 'POST') return { kind: 'answer', answer: wrongMethod('POST') };
    let facts: JsonObject = { endpoint: request.path };
    try {
      const form = parameters(request);
      const client = await authenticate(request, form);
      facts = { ...facts, agent: client.agent.name, grant: form.get('grant_type') ?? null };
      return await run(request, form, client);
    } catch (error) {
      return { kind: 'answer', answer: failed(error, facts) };
    }
  };
}

function shown(document: () => Promise<object>): Endpoint {
  return async ({ method, path }) => {
    if (method !== 'GET') return { kind: 'answer', answer: wrongMethod('GET') };
    try {
      return { kind: 'answer', answer: published(await document()) };
    } catch (error) {
      return { kind: 'answer', answer: failed(error, { endpoint: path }) };
    }
  };
}

async function issue(
  parts: EndpointParts,
  request: TokenRequest,
  form: Form,
  client: Client,
): Promise<Prepared> {
  const thumbprint = await provedKey(parts, request);
  const token = await granted(parts, { form, client, thumbprint });
  const now = () => parts.clock.now();
  const grant = needed(form, 'grant_type');
  return { kind: 'pending', pending: pendingOf(token, client, grant, { mint: parts.mint, now }) };
}

/** RFC 9449, section 5: a token is bound to the key of the proof that its request came with. */
async function provedKey(
  { proofs, issuer }: EndpointParts,
  { headers, method, path }: TokenRequest,
): Promise<string | null> {
  const proof = headers['dpop'];
  if (proof === undefined) return null;
  try {
    return await proofs.read({ proof, method, url: issuer + path, token: null });
  } catch (cause) {
    if (!(cause instanceof GatehouseError) || cause.kind !== 'user') throw cause;
    throw new OAuthError('invalid_dpop_proof', cause.message, { cause });
  }
}

async function introspect(parts: EndpointParts, form: Form): Promise<Prepared> {
  const answer = answered(await introspected(parts, form), { endpoint: paths.introspect });
  return { kind: 'answer', answer };
}

async function end(parts: EndpointParts, form: Form, { agent }: Client): Promise<Prepared> {
  const token = await revoked(parts, form, agent.name);
  const ended = token === null ? null : { jti: token.id, agent: token.agent, by: agent.name };
  return { kind: 'answer', answer: answered({}, { endpoint: paths.revoke, revoked: ended }) };
}
