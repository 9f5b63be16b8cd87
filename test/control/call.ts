import type { CallSummary } from '../../src/gateway/index.ts';
import { traceOf } from './decisions.ts';

/** A call that is over, as the gateway sums it up. */
export function call(more: Partial<CallSummary> = {}): CallSummary {
  return {
    trace: traceOf(1),
    parent: null,
    protocol: 'openai.chat',
    agent: 'agt_1',
    asked: 'gpt-x',
    served: 'gpt-x-2026-05-01',
    upstream: 'openai',
    stream: false,
    status: 200,
    level: 'allow',
    ended: 'complete',
    begun: 1_777_000_000_123,
    ms: 840,
    usage: { input: 20, output: 12 },
    ...more,
  };
}
