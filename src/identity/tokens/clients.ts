import { type Clock, GatehouseError } from '../../kernel/index.ts';
import { isRecordable } from '../delegation.ts';
import type { Presented } from '../presented.ts';
import type { VerifiedToken } from '../verified-token.ts';
import { refusedClient, selfIssuer, verifyAssertion } from './client-assertion.ts';
import { needed, type TokenRequest } from './form.ts';
import { OAuthError } from './oauth-error.ts';
import { isScope, type Scopes } from './scope.ts';
import type { LiveAgent, Standing } from './standing.ts';
import type { UsedOnce } from './used-once.ts';

/** A client that proved who it is. */
export interface Client {
  readonly agent: LiveAgent;
  /** `private_key_jwt`, or the kind of the credential from elsewhere. */
  readonly by: 'private_key_jwt' | VerifiedToken['kind'];
  /** Id of the key or credential it proved itself with. What is issued rests on it. */
  readonly credential: string;
  readonly scopes: Scopes;
  /** When that credential ends, Unix time in seconds; null where it does not limit a token. */
  readonly expires: number | null;
}

/**
 * Verifies a credential from elsewhere: a token as a bearer, or the client's certificate. Rejects
 * with `unauthenticated` and the reason.
 */
export type Federated = (presented: Presented) => Promise<VerifiedToken>;

export interface ClientsOptions {
  readonly issuer: string;
  readonly standing: Standing;
  readonly once: UsedOnce;
  readonly clock: Clock;
  readonly federated: Federated | null;
}

/** Authenticates the client of a request. @throws OAuthError `invalid_client`, `invalid_request`. */
export type Authenticate = (
  request: TokenRequest,
  form: ReadonlyMap<string, string>,
) => Promise<Client>;

export const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export function clientAuthentication(options: ClientsOptions): Authenticate {
  return async (request, form) => {
    if (request.headers['authorization'] !== undefined || form.has('client_secret')) {
      throw refusedClient(
        'a client authenticates itself by `client_assertion` or certificate only',
      );
    }
    const client = await found(options, request, form);
    const named = form.get('client_id');
    if (named === undefined || named === client.agent.name) return client;
    throw refusedClient('`client_id` is not the agent that authenticated itself');
  };
}

async function found(
  options: ClientsOptions,
  request: TokenRequest,
  form: ReadonlyMap<string, string>,
): Promise<Client> {
  const assertion = form.get('client_assertion');
  if (assertion === undefined) {
    if (request.certificates.length === 0) throw refusedClient('the client does not say who it is');
    return elsewhere(options, request, null);
  }
  if (needed(form, 'client_assertion_type') !== jwtBearer) {
    throw new OAuthError('invalid_request', `\`client_assertion_type\` is not \`${jwtBearer}\``);
  }
  const name = selfIssuer(assertion);
  if (name === null) return elsewhere(options, request, assertion);
  return itself(options, request, assertion, name);
}

async function itself(
  { issuer, standing, once, clock }: ClientsOptions,
  { path }: TokenRequest,
  assertion: string,
  name: string,
): Promise<Client> {
  const agent = await standing.agent(name);
  if (agent === null) throw notLive();
  const keys = await standing.keysOf(agent.id);
  const ours = [issuer, `${issuer}/oauth/token`, `${issuer}${path}`];
  const { jti, until, key } = await verifyAssertion(assertion, { name, keys }, ours, clock.now());
  if (!(await once.use(['assertion', name, jti], until))) {
    throw refusedClient('the assertion was used before; make a new one for each request');
  }
  return { agent, by: 'private_key_jwt', credential: key, scopes: null, expires: null };
}

async function elsewhere(
  { issuer, standing, federated }: ClientsOptions,
  { method, path, certificates }: TokenRequest,
  assertion: string | null,
): Promise<Client> {
  if (federated === null) throw refusedClient('no identities from elsewhere are trusted here');
  const scheme = assertion === null ? 'none' : 'bearer';
  const place = { proof: null, method, url: `${issuer}${path}` };
  const shown = { scheme, credential: assertion, certificates, ...place } as const;
  const token = await federated(shown).catch((error: unknown) => {
    if (!(error instanceof GatehouseError) || error.kind !== 'user') throw error;
    throw refusedClient(error.message, error);
  });
  // A token that stands for a chain, or is bound to a key, says more than who the client is.
  if (token.actors.length > 0) throw refusedClient('a delegated token is no client authentication');
  if (token.thumbprint !== null) throw refusedClient('a bound token is no client authentication');
  if (!isRecordable(token.id)) throw refusedClient('the id of the credential is no text');
  const agent = await standing.agent(token.agent);
  if (agent === null) throw notLive();
  const { kind, id } = token;
  // What has another form is a scope of something else, and good for nothing here.
  const scopes = token.scopes === null ? null : token.scopes.filter(isScope);
  const expires = Math.floor(token.expires / 1000);
  return { agent, by: kind, credential: id, scopes, expires };
}

function notLive(): OAuthError {
  return refusedClient('the client is no registered agent, or was disabled');
}
