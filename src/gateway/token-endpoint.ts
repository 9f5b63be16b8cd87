import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TokenAnswer, TokenPending } from '../identity/index.ts';
import { act, type Decision, decide, GatehouseError, Gathered, subject } from '../kernel/index.ts';
import { durable } from './answer-json.ts';
import { certificatesOf } from './certificates.ts';
import { refusalOf } from './exchange.ts';
import type { GatewayParts } from './parts.ts';

const longestForm = 65_536;
const protocol = 'oauth.token';

/**
 * The endpoints of the token service (RFC 6749 and its kin). A token that is asked for is decided on
 * at `enter`, as the principal that it would show, and signed only on that permit.
 */
export async function serveTokens(
  parts: GatewayParts,
  path: string,
  trace: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const prepared = await parts.tokens.prepare({
    method: request.method ?? 'GET',
    path,
    headers: headersOf(request),
    form: await formOf(request),
    certificates: certificatesOf(request.socket),
  });
  if (prepared.kind === 'answer') {
    const { facts } = prepared.answer;
    const ended = facts['revoked'] ?? null;
    if (ended !== null) await parts.append('token.revoke', { trace, ...facts });
    send(parts, response, trace, prepared.answer);
    return;
  }
  await issue(parts, trace, response, prepared.pending);
}

async function issue(
  parts: GatewayParts,
  trace: string,
  response: ServerResponse,
  pending: TokenPending,
): Promise<void> {
  const { principal, facts } = pending;
  const context = {
    protocol,
    stream: false,
    asked: '',
    credential: principal.credential.kind,
    features: [],
    provider: '',
    groups: [],
  };
  const entering = subject({
    stage: 'enter',
    trace,
    step: 0,
    principal,
    resource: { type: 'gateway', id: 'gateway' },
    context,
    measures: {},
    content: null,
    parts: [],
  });
  const decision: Decision = await decide(parts.checkpoint, [entering], {
    facts: { protocol, ...facts, ...parts.policyFacts() },
  });
  if (decision.permit === null) {
    await durable(decision);
    send(parts, response, trace, pending.refuse(refusalOf(decision).message));
    return;
  }
  await act(decision.permit, entering, async () => {
    send(parts, response, trace, await pending.release());
  });
}

function send(
  parts: GatewayParts,
  response: ServerResponse,
  trace: string,
  { status, headers, body, defect }: TokenAnswer,
): void {
  if (defect !== undefined) {
    const cause = defect instanceof Error ? { cause: defect } : {};
    parts.defect(new GatehouseError('unexpected', 'the token service failed', cause), trace);
  }
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function headersOf({ headers }: IncomingMessage): Record<string, string | undefined> {
  const { authorization, dpop } = headers;
  return {
    authorization,
    'content-type': headers['content-type'],
    // Repeated, it is joined by a comma, which no proof has.
    dpop: dpop === undefined ? undefined : String(dpop),
  };
}

async function formOf(request: IncomingMessage): Promise<string> {
  const body = new Gathered();
  for await (const chunk of request) {
    body.add(chunk as Buffer);
    if (body.size > longestForm) {
      throw new GatehouseError('too_large', `the body has over ${longestForm} bytes; send less`);
    }
  }
  return body.whole().toString('utf8');
}
