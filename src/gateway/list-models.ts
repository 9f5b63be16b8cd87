import type { IncomingMessage, ServerResponse } from 'node:http';
import { act, decide, type Json, partsOf, subject } from '../kernel/index.ts';
import { durable } from './answer-json.ts';
import { familyOf } from './dialects/index.ts';
import { refusalOf } from './exchange.ts';
import type { GatewayParts } from './parts.ts';
import { presentedBy } from './presented.ts';

/** `GET /v1/models`: the exact versions and their aliases, for a caller that is let in. */
export async function listModels(
  parts: GatewayParts,
  trace: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const principal = await parts.identify(presentedBy(request, parts.origin()));
  const family = familyOf(request.headers);
  const content = family.modelList(parts.models().map(({ id, provider }) => ({ id, provider })));
  const context = {
    protocol: `${family.id}.models`,
    stream: false,
    asked: '',
    credential: principal.credential.kind,
    features: [],
    provider: '',
    groups: [],
  };
  const resource = { type: 'gateway', id: 'gateway' } as const;
  const common = { trace, step: 0, principal, resource, context, measures: {} };
  const enter = subject({ ...common, stage: 'enter', content: null, parts: [] });
  const judged = subject({
    ...common,
    stage: 'output',
    content: content as Json,
    parts: partsOf(content as Json, () => 'other', new Set()),
  });
  const facts = { protocol: context.protocol, ...parts.policyFacts() };
  const decision = await decide(parts.checkpoint, [enter, judged], { facts });
  if (decision.permit === null) {
    await durable(decision);
    throw refusalOf(decision);
  }
  await act(decision.permit, judged, (passed) => {
    const body = JSON.stringify(passed.content);
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
}
