import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CryptoKey,
  calculateJwkThumbprint,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
} from 'jose';
import type { Agents } from '../../src/identity/agents.ts';
import { openIdentity, type Principals } from '../../src/identity/identity.ts';
import {
  openTokenService,
  type TokenService,
  type TokenServiceOptions,
} from '../../src/identity/tokens/authorization-server.ts';
import type { Clock } from '../../src/kernel/index.ts';
import { type Kms, localKms } from '../../src/store/index.ts';
import { type TestStore, testStore } from '../database.ts';

export const issuer = 'https://gatehouse.example';
export const audience = 'gatehouse';
export const accessToken = 'urn:ietf:params:oauth:token-type:access_token';
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const jwtBearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
export const clientAssertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

type Form = Readonly<Record<string, string | undefined>>;
type Headers = Readonly<Record<string, string | undefined>>;

export interface Got {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  /** The access token. */
  readonly token: string;
  readonly claims: JWTPayload;
}

/** One process of the product: its identity room and its token service. */
export interface Process {
  readonly tokens: TokenService;
  readonly principals: Principals;
}

export interface World {
  readonly store: TestStore;
  readonly kms: Kms;
  readonly clock: Clock;
  readonly agents: Agents;
  /** Milliseconds. */
  wait(ms: number): void;
  /** Another process on the same database. */
  open(options?: Partial<TokenServiceOptions>): Process;
  agent(name?: string, owner?: string): Promise<TestAgent>;
  close(): Promise<void>;
}

export async function tokenWorld(options: Partial<TokenServiceOptions> = {}): Promise<World> {
  const store = await testStore(8);
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-tokens-'));
  const kms = await localKms(join(folder, 'kek'), randomBytes);
  let now = Date.parse('2030-01-01T00:00:00Z');
  const clock: Clock = { now: () => now, after: () => () => {} };
  const { db } = store;
  const common = { db, clock, random: randomBytes };
  function open(more: Partial<TokenServiceOptions> = {}): Process {
    const tokens: TokenService = openTokenService({
      ...common,
      kms,
      issuer,
      audience,
      log: () => {},
      revoke: (id, expires) => principals.agents.revokeToken(id, expires),
      ...options,
      ...more,
    });
    const { verifier, proofs } = tokens;
    const principals: Principals = openIdentity({ ...common, verifiers: [verifier], proofs });
    return { tokens, principals };
  }
  const first = open();
  const { agents } = first.principals;
  let count = 0;
  return {
    store,
    kms,
    clock,
    agents,
    wait(ms) {
      now += ms;
    },
    open,
    async agent(name = `agent-${++count}`, owner = 'ada') {
      await agents.create({ name, owner, purpose: 'testing', tenant: 'default' });
      const pair = await generateKeyPair('ES256', { extractable: true });
      const jwk = await exportJWK(pair.publicKey);
      await agents.addPublicKey(name, jwk);
      return new TestAgent(name, pair, jwk, { clock, service: first.tokens });
    },
    async close() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

interface Pair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

let serial = 0;

/** A client with a key of its own, registered for its agent; its proofs are of the same key. */
export class TestAgent {
  readonly name: string;
  readonly pair: Pair;
  readonly jwk: Awaited<ReturnType<typeof exportJWK>>;
  readonly #clock: Clock;
  readonly #service: TokenService;

  constructor(
    name: string,
    pair: Pair,
    jwk: TestAgent['jwk'],
    { clock, service }: { clock: Clock; service: TokenService },
  ) {
    this.name = name;
    this.pair = pair;
    this.jwk = jwk;
    this.#clock = clock;
    this.#service = service;
  }

  get second(): number {
    return Math.floor(this.#clock.now() / 1000);
  }

  thumbprint(): Promise<string> {
    return calculateJwkThumbprint(this.jwk);
  }

  assertion(claims: object = {}, header: object = {}, key = this.pair.privateKey) {
    const of = { iss: this.name, sub: this.name, aud: issuer, jti: `a${++serial}` };
    const all = { ...of, exp: this.second + 60, ...claims };
    return new SignJWT(all as JWTPayload)
      .setProtectedHeader({ alg: 'ES256', ...header })
      .sign(key as CryptoKey);
  }

  proof(claims: object = {}, header: object = {}, key = this.pair.privateKey): Promise<string> {
    const of = { htm: 'POST', htu: `${issuer}/oauth/token`, jti: `p${++serial}` };
    return new SignJWT({ ...of, iat: this.second, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: this.jwk, ...header })
      .sign(key);
  }

  /** A proof for the use of a token. */
  proofFor(token: string, claims: object = {}, header: object = {}): Promise<string> {
    const ath = createHash('sha256').update(token).digest('base64url');
    return this.proof({ htu: `${issuer}/v1/messages`, ath, ...claims }, header);
  }

  async post(path: string, form: Form, headers: Headers = {}, at = this.#service): Promise<Got> {
    const assertion = form['client_assertion'] ?? (await this.assertion());
    const auth = { client_assertion_type: clientAssertion, client_assertion: assertion };
    return post(at, path, { ...auth, ...form }, headers);
  }

  token(form: Form = {}, headers: Headers = {}, at = this.#service): Promise<Got> {
    return this.post('/oauth/token', { grant_type: 'client_credentials', ...form }, headers, at);
  }

  exchange(subject: string, form: Form = {}, headers: Headers = {}): Promise<Got> {
    const of = { subject_token: subject, subject_token_type: accessToken };
    return this.token({ grant_type: exchangeGrant, ...of, ...form }, headers);
  }
}

/** Posts a form as a client would, and takes a permit for granted. */
export async function post(
  service: TokenService,
  path: string,
  form: Form | string,
  headers: Headers = {},
  certificates: readonly Uint8Array[] = [],
): Promise<Got> {
  const entries = typeof form === 'string' ? [] : Object.entries(form);
  const text = new URLSearchParams(
    entries.filter((entry): entry is [string, string] => entry[1] !== undefined),
  ).toString();
  const prepared = await service.prepare({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    form: typeof form === 'string' ? form : text,
    certificates,
  });
  const answer = prepared.kind === 'answer' ? prepared.answer : await prepared.pending.release();
  const body = JSON.parse(answer.body);
  const token = body.access_token ?? '';
  const claims = token === '' ? {} : decodeJwt(token);
  return { status: answer.status, headers: answer.headers, body, token, claims };
}
