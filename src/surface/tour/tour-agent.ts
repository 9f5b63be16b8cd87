import OpenAI from 'openai';
import { newSigningKey, type SigningKey } from '../sidecar/agent-key.ts';
import { clientAssertion, dpopProof } from '../sidecar/signed.ts';
import { control, expect, type Fetch, type TourWorld } from './step.ts';

/** A registered agent with a key of its own. The key never leaves this process. */
export interface TourAgent {
  readonly name: string;
  readonly key: SigningKey;
}

/** Registers an agent, if it is not, and gives it a new key: its public half is all that is sent. */
export async function tourAgent(world: TourWorld, name: string): Promise<TourAgent> {
  const { agents } = await control<{ agents: readonly { name: string }[] }>(world, '/v1/agents');
  if (!agents.some((one) => one.name === name)) {
    const purpose = 'shows what Gatehouse does';
    await control(world, '/v1/agents', { name, owner: 'you@example.org', purpose });
  }
  const key = newSigningKey();
  await control(world, `/v1/agents/${name}/public-keys`, { jwk: key.jwk });
  return { name, key };
}

/** What the token endpoint answered. */
export interface Granted {
  readonly ok: boolean;
  readonly token: string;
  readonly error: string;
}

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * Asks for a token as the agent: by a signed assertion (RFC 7523), bound to its key (RFC 9449).
 * `form` names the grant and what it needs.
 */
export async function granted(
  world: TourWorld,
  { name, key }: TourAgent,
  form: Readonly<Record<string, string>>,
): Promise<Granted> {
  const { gatewayUrl, clock, random, fetch } = world;
  const url = `${gatewayUrl}/oauth/token`;
  const moment = { now: clock.now(), random };
  const body = new URLSearchParams({
    ...form,
    client_assertion_type: jwtBearer,
    client_assertion: await clientAssertion(name, url, key, moment),
  });
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      dpop: await dpopProof({ method: 'POST', url }, key, moment),
    },
    body: body.toString(),
  });
  const told = (await answer.json()) as Record<string, unknown>;
  const text = (member: string) => String(told[member] ?? '');
  const error = `${text('error')}: ${text('error_description')}`;
  return { ok: answer.ok, token: text('access_token'), error };
}

/** A token for the agent itself. */
export async function ownToken(
  world: TourWorld,
  agent: TourAgent,
  scope?: string,
): Promise<string> {
  const asked = { grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) };
  const { ok, token, error } = await granted(world, agent, asked);
  expect(ok, `no token for ${agent.name}: ${error}`);
  return token;
}

/** The official client with a bound token: each request brings a fresh proof of the key. */
export function clientWith(world: TourWorld, token: string, key: SigningKey): OpenAI {
  const proving: Fetch = async (url, init) => {
    const { clock, random, fetch } = world;
    const request = { method: init?.method ?? 'GET', url: String(url), token };
    const headers = new Headers(init?.headers);
    headers.set('authorization', `DPoP ${token}`);
    headers.set('dpop', await dpopProof(request, key, { now: clock.now(), random }));
    return fetch(url, { ...init, headers });
  };
  const baseURL = `${world.gatewayUrl}/v1`;
  return new OpenAI({ apiKey: 'placeholder', baseURL, fetch: proving, maxRetries: 0 });
}
