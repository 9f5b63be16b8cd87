import {
  type AuthorizationAnswer,
  type Response,
  type StatefulAuthorizationCall,
  statefulIsAuthorized,
} from '@cedar-policy/cedar-wasm/nodejs';
import { type Control, type Opinion, Recent, type Subject } from '../kernel/index.ts';
import type { PolicyCheck, PolicyFact } from './policy-set.ts';
import { actions, question, questionKey } from './question.ts';

/** A policy set in force, with the answers it gave lately. */
export interface Standing {
  readonly check: PolicyCheck;
  readonly byId: ReadonlyMap<string, PolicyFact>;
  readonly answers: Recent<Opinion>;
}

const mostAnswers = 20_000;

/** A new set starts with no answers: what an older set said counts for nothing. */
export function standing(check: PolicyCheck): Standing {
  const byId = new Map(check.policies.map((policy) => [policy.id, policy]));
  return { check, byId, answers: new Recent(mostAnswers) };
}

/**
 * `policy.cedar`: asks the policy set in force. Default deny; any error that Cedar reports is a deny,
 * since Cedar skips a `forbid` that fails and would let the request pass.
 */
export function cedarControl(current: () => Standing): Control {
  return {
    id: 'policy.cedar',
    stages: ['enter', 'model', 'action'],
    serves: ['A2', 'A1'],
    judge(subject: Subject): Opinion {
      const set = current();
      const key = questionKey(subject);
      const known = set.answers.get(key);
      if (known !== undefined) return known;
      const opinion = Object.freeze(ask(set, subject));
      set.answers.set(key, opinion);
      return opinion;
    },
  };
}

function ask(set: Standing, subject: Subject): Opinion {
  const action = actions[subject.stage];
  if (action === undefined) return errored(set, []);
  const answer = answerTo(question(set.check.hash, subject, action));
  if (answer === null || answer.type === 'failure') return errored(set, []);
  const { decision, diagnostics } = answer.response;
  if (diagnostics.errors.length > 0) {
    return errored(set, diagnostics.errors.map(({ policyId }) => policyId).sort());
  }
  if (decision === 'allow') return { level: 'allow', evidence: evidence(set, diagnostics.reason) };
  return refusal(set, subject, action, diagnostics);
}

// Cedar throws on texts that it cannot hold, such as a name with a lone surrogate in it.
function answerTo(asked: StatefulAuthorizationCall): AuthorizationAnswer | null {
  try {
    return statefulIsAuthorized(asked);
  } catch {
    return null;
  }
}

function refusal(
  set: Standing,
  subject: Subject,
  action: string,
  { reason: ids }: Response['diagnostics'],
): Opinion {
  const deciding = [...ids].sort();
  if (deciding.length === 0) {
    const { type, id } = subject.resource;
    const what = action === 'enter' ? 'enter' : `${action} on ${type} \`${shown(id)}\``;
    return {
      level: 'deny',
      code: 'policy_default',
      reason: `no policy lets agent \`${shown(subject.principal.name)}\` ${what}; ask for a grant`,
      evidence: evidence(set, []),
    };
  }
  const told = deciding.map((id) => set.byId.get(id)?.reason ?? `policy \`${id}\` forbids it`);
  return {
    level: 'deny',
    code: 'policy_forbidden',
    reason: told.join('; '),
    evidence: evidence(set, deciding),
  };
}

function errored(set: Standing, ids: readonly string[]): Opinion {
  const which = ids.length === 0 ? 'the request does not fit the policy schema' : 'a policy failed';
  return {
    level: 'deny',
    code: 'policy_error',
    reason: `${which}, so nothing passes; run \`gatehouse policy check\``,
    evidence: evidence(set, ids),
  };
}

function evidence(set: Standing, ids: readonly string[]): NonNullable<Opinion['evidence']> {
  return { policySet: set.check.hash, policies: [...ids].sort() };
}

// Names come from outside: short, and without what could forge a line of a log.
function shown(name: string): string {
  return name.slice(0, 100).replaceAll(/[^\x20-\x5f\x61-\x7e]/g, '?');
}
