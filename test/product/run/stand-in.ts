import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import type { PublicJwk } from '../../../src/surface/sidecar/agent-key.ts';

export interface StandInOptions {
  readonly agent: string;
  readonly jwk: PublicJwk;
  readonly now?: () => number;
  /** What stands behind `/v1/`; unset: a short JSON answer. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => void;
}

/** A call that came through with a token that counts and a proof of its own. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

const life = 300;

/**
 * What a sidecar needs of a gateway, by the letter of the RFCs and apart from the product's own
 * code: a token endpoint (RFC 7523, RFC 9449 section 5) and a door that takes only bound tokens.
 */
export class StandIn {
  url = '';
  /** The token endpoint is away. */
  away = false;
  /** The token endpoint gives tokens that are not bound. */
  unbound = false;
  /** Tokens that no longer count. */
  readonly revoked = new Set<string>();
  /** How often a token was asked for. */
  asked = 0;
  readonly tokens: string[] = [];
  readonly seen: Seen[] = [];
  readonly refused: string[] = [];
  readonly #options: StandInOptions;
  readonly #once = new Set<string>();
  readonly #own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #server = createServer((request, response) => {
    this.#handle(request, response).catch((error: Error) => {
      this.refused.push(error.message);
      json(response, 401, { error: 'invalid_token', error_description: error.message });
    });
  });

  constructor(options: StandInOptions) {
    this.#options = options;
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '', method = '', headers } = request;
    if (url === '/.well-known/oauth-authorization-server') {
      json(response, 200, { issuer: this.url, token_endpoint: `${this.url}/oauth/token` });
      return;
    }
    if (url === '/oauth/token') {
      this.asked += 1;
      if (this.away) json(response, 503, { error: 'temporarily_unavailable' });
      else json(response, 200, await this.#issued(request));
      return;
    }
    await this.#admitted(request);
    this.seen.push({ method, url, headers });
    const { answer } = this.#options;
    if (answer !== undefined) answer(request, response);
    else json(response, 200, { ok: true, got: (await text(request)).length });
  }

  async #issued(request: IncomingMessage): Promise<object> {
    const { agent, jwk } = this.#options;
    const form = new URLSearchParams(await text(request));
    assert.equal(form.get('grant_type'), 'client_credentials');
    const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    assert.equal(form.get('client_assertion_type'), assertionType);
    const { payload } = await jwtVerify(form.get('client_assertion') ?? '', jwk as JWK, {
      algorithms: ['ES256'],
      issuer: agent,
      subject: agent,
      audience: [this.url, `${this.url}/oauth/token`],
      requiredClaims: ['exp', 'iat', 'jti'],
      maxTokenAge: 60,
      currentDate: this.#date(),
    });
    this.#first(`assertion ${payload.jti}`);
    const jkt = await this.#proven(request);
    const now = Math.floor(this.#date().getTime() / 1000);
    const token = await new SignJWT({ client_id: agent, jti: randomUUID(), cnf: { jkt } })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
      .setIssuedAt(now)
      .setExpirationTime(now + life)
      .sign(this.#own.privateKey);
    this.tokens.push(token);
    const type = this.unbound ? 'Bearer' : 'DPoP';
    return { access_token: token, token_type: type, expires_in: life };
  }

  async #admitted(request: IncomingMessage): Promise<void> {
    const token = /^DPoP (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const { payload } = await jwtVerify(token, this.#own.publicKey, {
      typ: 'at+jwt',
      currentDate: this.#date(),
    });
    assert.ok(!this.revoked.has(token), 'the token is revoked');
    const jkt = await this.#proven(request, token);
    assert.deepEqual(payload['cnf'], { jkt });
  }

  /** RFC 9449, section 4.3. Answers the thumbprint of the proof's key. */
  async #proven(request: IncomingMessage, token?: string): Promise<string> {
    const proof = request.headers['dpop'];
    assert.ok(typeof proof === 'string', 'one DPoP header');
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['ES256'],
      requiredClaims: ['jti', 'iat'],
      maxTokenAge: 60,
      currentDate: this.#date(),
    });
    assert.equal(payload['htm'], request.method);
    assert.equal(payload['htu'], this.url + (request.url ?? '').replace(/\?.*/, ''));
    const ath = token && createHash('sha256').update(token).digest('base64url');
    assert.equal(payload['ath'], ath);
    this.#first(`proof ${payload.jti}`);
    const key = protectedHeader.jwk as JWK;
    assert.deepEqual(Object.keys(key).sort(), ['crv', 'kty', 'x', 'y']);
    return calculateJwkThumbprint(key);
  }

  #first(id: string): void {
    assert.ok(!this.#once.has(id), `${id} was used before`);
    this.#once.add(id);
  }

  #date(): Date {
    return new Date(this.#options.now?.() ?? Date.now());
  }
}

export function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
