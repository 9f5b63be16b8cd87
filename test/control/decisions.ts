import type { JsonObject } from '../../src/kernel/index.ts';

/** The trace id that ends in `n`. */
export function traceOf(n: number): string {
  return n.toString(16).padStart(32, '0');
}

const principal = {
  kind: 'agent',
  id: 'agt_1',
  name: 'support-bot',
  owner: 'ana@example.org',
  tenant: 'default',
  credential: { kind: 'static-key', id: 'key_1' },
  actors: [],
};

/** The entry of a call's first decision, as the kernel composes it. */
export function inbound(n: number, more: JsonObject = {}): JsonObject {
  return {
    v: 1,
    kind: 'decision',
    at: '2026-05-01T12:00:00.000Z',
    trace: traceOf(n),
    step: 0,
    stages: ['enter', 'input', 'model'],
    principal,
    resource: { type: 'model', id: 'gpt-x@2026-05' },
    context: {},
    measures: { bytes: 120, messages: 2 },
    level: 'allow',
    masks: [],
    controls: ['guard.size', 'guard.secrets', 'policy.cedar', 'registry.pin'],
    findings: [],
    bodies: [{ role: 'input', blob: 'b1', key: 'k1', bytes: 120, commitment: 'c1' }],
    protocol: 'openai.chat',
    stream: false,
    asked: 'gpt-x',
    route: 'gpt-x@2026-05',
    policySet: 'abc',
    ...more,
  };
}

/** The entry of its answer. */
export function output(n: number, more: JsonObject = {}): JsonObject {
  return {
    ...inbound(n),
    step: 1,
    stages: ['output'],
    bodies: [{ role: 'output', blob: 'b2', key: 'k1', bytes: 80, commitment: 'c2' }],
    measures: {},
    upstream: 'openai',
    served: 'gpt-x-2026-05-01',
    attempts: [{ upstream: 'openai', status: 200 }],
    status: 200,
    ended: 'complete',
    usage: { input: 20, output: 12 },
    ms: 840,
    ...more,
  };
}

/** What `guard.secrets` finds when it masks. */
export function secretFinding(stage: string): JsonObject {
  return {
    control: 'guard.secrets',
    stage,
    mode: 'enforce',
    level: 'amend',
    code: 'secret',
    reason: 'a secret was found',
  };
}

/** What a policy says when it refuses. */
export function policyFinding(reason: string): JsonObject {
  return {
    control: 'policy.cedar',
    stage: 'model',
    mode: 'enforce',
    level: 'deny',
    code: 'forbidden',
    reason,
  };
}
