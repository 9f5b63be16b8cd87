import { type Principal, type Subject, subject } from '../../kernel/index.ts';
import type { PolicyCheck } from '../policy-set.ts';
import type { Action, Asking } from '../question.ts';

/** One question to a policy set: what is asked, and about what. */
export interface Put {
  readonly action: Action;
  /** For `see_feedback`: what the answer would carry. */
  readonly kind?: string;
  readonly subject: Subject;
}

/** A call as policies see it. What is left out is the plainest there is. */
export interface SupposedCall {
  readonly principal: Principal;
  readonly resource: { readonly type: 'model' | 'tool'; readonly id: string };
  readonly trace?: string;
  readonly protocol?: string;
  /** The name that the caller used; the resource's own unless said. */
  readonly asked?: string;
  readonly stream?: boolean;
  readonly features?: readonly string[];
  readonly labels?: readonly string[];
  /** Most tokens, in and out. */
  readonly tokens?: number;
  /** In millionths of a US dollar. */
  readonly cost?: number;
  readonly groups?: readonly string[];
  readonly provider?: string;
}

const stages = {
  enter: 'enter',
  call_model: 'model',
  see_feedback: 'input',
  call_tool: 'action',
} as const;

/** Everything that the gateway asks the policies about a call, in the order of its path. */
export function questionsOf(call: SupposedCall): readonly Put[] {
  const features = call.features ?? [];
  const context = {
    protocol: call.protocol ?? 'openai.chat',
    asked: call.asked ?? call.resource.id,
    stream: call.stream ?? false,
    features: [...features],
    labels: [...(call.labels ?? [])],
    tokens: call.tokens ?? 0,
    cost: call.cost ?? 0,
    groups: [...(call.groups ?? [])],
    provider: call.provider ?? '',
  };
  const put = (action: Action, kind?: string): Put => {
    const resource =
      action === 'enter' ? ({ type: 'gateway', id: 'gateway' } as const) : call.resource;
    const about = subject({
      stage: stages[action],
      trace: call.trace ?? '0'.repeat(32),
      step: 0,
      principal: call.principal,
      resource,
      context,
      measures: {},
      content: null,
      parts: [],
    });
    return { action, subject: about, ...(kind === undefined ? {} : { kind }) };
  };
  if (call.resource.type === 'tool') return [put('enter'), put('call_tool')];
  const seen = features.includes('logprobs') ? [put('see_feedback', 'logprobs')] : [];
  return [put('enter'), ...seen, put('call_model')];
}

/** The question as Cedar is asked it by a set whose policies speak of some things, at some time. */
export function askingOf(
  { action, kind }: Put,
  time: Asking['time'],
  mentions: PolicyCheck['mentions'],
): Asking {
  return { action, time, mentions: mentions[action], ...(kind === undefined ? {} : { kind }) };
}
