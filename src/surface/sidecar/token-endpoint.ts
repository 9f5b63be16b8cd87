import { type Clock, GatehouseError } from '../../kernel/index.ts';
import type { SigningKey } from './agent-key.ts';
import { clientAssertion, dpopProof, type Random } from './signed.ts';

/** An access token. It counts until `expires`, by our clock in Unix milliseconds. */
export interface IssuedToken {
  readonly value: string;
  readonly issued: number;
  readonly expires: number;
}

export interface TokenEndpointParts {
  /** Scheme, host and port of the gateway. */
  readonly gateway: string;
  readonly agent: string;
  /** The agent's own key: it signs who asks. */
  readonly key: SigningKey;
  /** The key of this run: tokens are bound to it. */
  readonly proof: SigningKey;
  readonly call: (url: string, init: RequestInit) => Promise<Response>;
  readonly clock: Clock;
  readonly random: Random;
}

const timeoutMs = 10_000;
const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * Asks the gateway's token endpoint for tokens: client credentials (RFC 6749, section 4.4) with
 * private_key_jwt (RFC 7523), bound to the key of this run by DPoP (RFC 9449, section 5).
 *
 * INVARIANT: assertions go to the gateway that was named and nowhere else, whatever its metadata
 * say; and a token that is not bound is not taken.
 *
 * The function that it returns throws GatehouseError: `unauthenticated` when the agent is refused,
 * `upstream_failed` when the gateway is away or answers with something else, `misdirected` when it
 * goes by another address.
 */
export function tokenEndpoint(parts: TokenEndpointParts): () => Promise<IssuedToken> {
  const { gateway, agent, key, proof, clock, random } = parts;
  const endpoint = `${gateway}/oauth/token`;
  let audience: string | null = null;
  return async () => {
    audience ??= await audienceOf(parts, endpoint);
    const now = clock.now();
    const moment = { now, random };
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: agent,
      client_assertion_type: jwtBearer,
      client_assertion: await clientAssertion(agent, audience, key, moment),
    });
    const dpop = await dpopProof({ method: 'POST', url: endpoint }, proof, moment);
    const answer = await reached(parts, endpoint, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        dpop,
      },
      body: body.toString(),
    });
    const told = await jsonOf(answer);
    if (!answer.ok) throw refusal(agent, answer.status, told);
    // From before the request: a slow answer makes the token older, never younger.
    return issuedToken(told, now, gateway);
  };
}

/**
 * The issuer that the metadata name (RFC 8414), or the endpoint itself where there are none.
 *
 * INVARIANT: it is the address that was called (RFC 8414, section 3.3). Whoever else listens there
 * gets no assertion that another gateway would take.
 */
async function audienceOf(parts: TokenEndpointParts, endpoint: string): Promise<string> {
  const { gateway } = parts;
  const url = `${gateway}/.well-known/oauth-authorization-server`;
  const answer = await reached(parts, url, { headers: { accept: 'application/json' } });
  const { issuer } = await jsonOf(answer);
  if (!answer.ok || typeof issuer !== 'string') return endpoint;
  if (URL.parse(issuer)?.origin === gateway) return issuer;
  const shown = issuer.slice(0, 200);
  const message = `the gateway at \`${gateway}\` goes by \`${shown}\`; pass --gateway ${shown}`;
  throw new GatehouseError('misdirected', message);
}

type Told = Readonly<Record<string, unknown>>;

async function reached(
  { call, gateway }: TokenEndpointParts,
  url: string,
  init: RequestInit,
): Promise<Response> {
  const signal = AbortSignal.timeout(timeoutMs);
  return call(url, { ...init, redirect: 'error', signal }).catch((cause: unknown) => {
    throw unreachable(gateway, cause);
  });
}

/** The error of a call that the gateway did not answer. */
export function unreachable(gateway: string, cause: unknown): GatehouseError {
  const { code } = ((cause as Error).cause ?? cause) as NodeJS.ErrnoException;
  const late = (cause as Error).name === 'TimeoutError';
  const why = late ? 'it does not answer' : String(code ?? (cause as Error).name);
  const message = `cannot reach the gateway at \`${gateway}\` (${why}); check that it runs there`;
  return new GatehouseError('upstream_failed', message, { cause });
}

async function jsonOf(answer: Response): Promise<Told> {
  const told: unknown = await answer.json().catch(() => null);
  return typeof told === 'object' && told !== null ? (told as Told) : {};
}

function refusal(agent: string, status: number, told: Told): GatehouseError {
  const { error, error_description: description } = told;
  const said = [error, description].filter((one) => typeof one === 'string').join(': ');
  const shown = said === '' ? `status ${status}` : said.slice(0, 300);
  if (status >= 500 || status === 429) {
    const message = `the gateway gives no token now (${shown}); it is asked again`;
    return new GatehouseError('upstream_failed', message);
  }
  const mend = 'check that it is registered, active, and has this public key';
  const message = `the gateway gives agent \`${agent}\` no token (${shown}); ${mend}`;
  return new GatehouseError('unauthenticated', message);
}

function issuedToken(told: Told, issued: number, gateway: string): IssuedToken {
  const { access_token: value, token_type: type, expires_in: seconds } = told;
  const bound = typeof type === 'string' && type.toLowerCase() === 'dpop';
  if (typeof value !== 'string' || !/^[\x21-\x7e]{1,8000}$/.test(value) || !bound) {
    const message = `\`${gateway}\` did not answer with a DPoP-bound token; is it gatehouse?`;
    throw new GatehouseError('upstream_failed', message);
  }
  // RFC 6749, section 5.1 lets it be left out; then it counts for as long as we ever give.
  const life = typeof seconds === 'number' && seconds > 0 ? seconds : 300;
  return { value, issued, expires: issued + life * 1000 };
}
