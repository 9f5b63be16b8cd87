import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../kernel/index.ts';
import type { SigningKey } from './agent-key.ts';
import type { Credentials } from './credentials.ts';
import { headersBack, headersOnward } from './passing-headers.ts';
import { type RequestBody, requestBody } from './request-body.ts';
import { dpopProof, type Random } from './signed.ts';
import { type IssuedToken, unreachable } from './token-endpoint.ts';

/** Passes one call on to `target`, an address at the gateway, and its answer back. */
export type Passage = (
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void>;

export interface PassageParts {
  readonly gateway: string;
  readonly credentials: Credentials;
  /** The key that the tokens are bound to. */
  readonly proof: SigningKey;
  readonly call: (url: string, init: RequestInit) => Promise<Response>;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The way of a call: its own credentials off, the agent's token and a fresh proof on, bodies piece
 * by piece in both directions. A token that was refused is renewed once, if the body can be sent
 * again. Who leaves ends the call at the gateway too.
 *
 * It throws GatehouseError: `upstream_failed` when the gateway is away, and what `Credentials`
 * throws.
 */
export function passage(parts: PassageParts): Passage {
  return async (target, request, response) => {
    const left = new AbortController();
    response.once('close', () => left.abort());
    try {
      const body = await requestBody(request);
      const send = (token: IssuedToken) => sent(parts, target, request, body, token, left.signal);
      const token = await parts.credentials.token();
      let answer = await send(token);
      if (answer.status === 401) {
        const other = parts.credentials.instead(token);
        // What went by piece by piece is gone: the refusal passes on, the next call is better off.
        const again = body === null || body instanceof Buffer ? await other : null;
        if (again !== null) {
          await answer.body?.cancel();
          answer = await send(again);
        }
      }
      await answered(answer, response, left.signal);
    } catch (thrown) {
      // Nobody is there to be told.
      if (!left.signal.aborted) throw thrown;
    } finally {
      // What the gateway did not want to read must not stand before the connection's next request.
      request.resume();
    }
  };
}

async function sent(
  { gateway, proof, call, clock, random }: PassageParts,
  target: string,
  request: IncomingMessage,
  body: RequestBody | null,
  token: IssuedToken,
  signal: AbortSignal,
): Promise<Response> {
  const method = request.method ?? 'GET';
  const proven = { method, url: target, token: token.value };
  const headers = {
    ...headersOnward(request.headers),
    authorization: `DPoP ${token.value}`,
    dpop: await dpopProof(proven, proof, { now: clock.now(), random }),
  };
  const init = { method, headers, signal, redirect: 'error', duplex: 'half', body };
  // An iterable body is undici's own addition to the type.
  return call(target, init as unknown as RequestInit).catch((cause: unknown) => {
    throw unreachable(gateway, cause);
  });
}

/** Writes as fast as the program reads; an answer that breaks off is cut, so that it shows. */
async function answered(
  answer: Response,
  response: ServerResponse,
  left: AbortSignal,
): Promise<void> {
  response.sendDate = false;
  response.writeHead(answer.status, answer.statusText, headersBack(answer.headers));
  response.flushHeaders();
  for await (const piece of answer.body ?? []) {
    if (!response.write(piece)) await once(response, 'drain', { signal: left });
  }
  response.end();
}
