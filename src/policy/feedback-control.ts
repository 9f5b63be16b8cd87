import type { Clock, Control, Json, JsonObject, Opinion, Subject } from '../kernel/index.ts';
import { textsOf } from './facts.ts';
import { timeOf } from './question.ts';
import { opinionOf, type Standing } from './standing.ts';

const kind = 'logprobs';
const included = 'message.output_text.logprobs';

/**
 * `policy.feedback`: takes out of a request what asks for log-probabilities, which help to copy a
 * model, unless the policies permit `see_feedback`. A request that asks for them in a way that is
 * not known here is refused, and so is any if the policies fail.
 */
export function feedbackControl(current: () => Standing, clock: Clock): Control {
  return {
    id: 'policy.feedback',
    stages: ['input'],
    serves: ['M5'],
    judge(subject: Subject): Opinion {
      if (!textsOf(subject.context, 'features').includes(kind)) return { level: 'allow' };
      const set = current();
      const time = timeOf(clock.now());
      const mentions = set.check.mentions.see_feedback;
      const asking = { action: 'see_feedback', kind, time, mentions } as const;
      const opinion = opinionOf(set, subject, asking);
      if (opinion.level === 'allow' || opinion.code === 'policy_error') return opinion;
      return stripped(subject, opinion);
    },
  };
}

function stripped({ content }: Subject, { evidence = {} }: Opinion): Opinion {
  const drops = asksFor(content);
  if (drops.length === 0) {
    const reason =
      'log-probabilities are asked for in a way that cannot be taken out; leave them out';
    return { level: 'deny', code: 'feedback_refused', reason, evidence };
  }
  const reason = 'log-probabilities help to copy a model, and no policy grants them: not asked for';
  return { level: 'amend', code: 'feedback_stripped', reason, drops, evidence };
}

/**
 * Pointers (RFC 6901) to what asks for log-probabilities: in OpenAI's Chat Completions `logprobs`
 * and `top_logprobs`, in its Responses `top_logprobs` and an element of `include`.
 */
function asksFor(content: Json): readonly string[] {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return [];
  const body = content as JsonObject;
  const drops = ['logprobs', 'top_logprobs'].filter((name) => Object.hasOwn(body, name));
  const include = Array.isArray(body['include']) ? (body['include'] as readonly Json[]) : [];
  const places = include.flatMap((one, i) => (one === included ? [`include/${i}`] : []));
  return [...drops, ...places].map((path) => `/${path}`);
}
