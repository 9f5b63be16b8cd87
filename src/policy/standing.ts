import {
  type AuthorizationAnswer,
  type StatefulAuthorizationCall,
  statefulIsAuthorized,
} from '@cedar-policy/cedar-wasm/nodejs';
import { type Opinion, Recent, type Subject } from '../kernel/index.ts';
import type { PolicyCheck, PolicyFact } from './policy-set.ts';
import { type Asking, fits, question } from './question.ts';

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

/** What Cedar says, with the ids that decided, or that failed, in order. */
export interface Ruling {
  readonly decision: 'allow' | 'deny' | 'error';
  readonly ids: readonly string[];
}

/**
 * Asks the set that is prepared under this name. Default deny; any error that Cedar reports is an
 * error, since Cedar skips a `forbid` that fails and would let the request pass.
 */
export function ruling(name: string, subject: Subject, asking: Asking): Ruling {
  const asked = question(name, subject, asking);
  return fits(subject, asking) ? rulingOn(asked) : unfitting;
}

const unfitting: Ruling = { decision: 'error', ids: [] };

function rulingOn(asked: StatefulAuthorizationCall): Ruling {
  const answer = answerTo(asked);
  if (answer === null || answer.type === 'failure') return unfitting;
  const { decision, diagnostics } = answer.response;
  if (diagnostics.errors.length > 0) {
    return { decision: 'error', ids: diagnostics.errors.map(({ policyId }) => policyId).sort() };
  }
  return { decision, ids: [...diagnostics.reason].sort() };
}

/** What the set in force says: `allow` or `deny`, from memory where it was asked before. */
export function opinionOf(set: Standing, subject: Subject, asking: Asking): Opinion {
  const asked = question(set.check.hash, subject, asking);
  const key = questionKey(asked, subject);
  const known = set.answers.get(key);
  if (known !== undefined) return known;
  const ruled = fits(subject, asking) ? rulingOn(asked) : unfitting;
  const opinion = Object.freeze(said(set, subject, asking, ruled));
  set.answers.set(key, opinion);
  return opinion;
}

/**
 * INVARIANT: the key is the question itself, and the name of who asks, which a refusal tells: two
 * subjects of the same key get the same answer. JSON writes no two questions alike, whatever a caller
 * writes into a name.
 */
export function questionKey(asked: StatefulAuthorizationCall, { principal }: Subject): string {
  return JSON.stringify(asked) + principal.name;
}

// Cedar throws on texts that it cannot hold, such as a name with a lone surrogate in it.
function answerTo(asked: StatefulAuthorizationCall): AuthorizationAnswer | null {
  try {
    return statefulIsAuthorized(asked);
  } catch {
    return null;
  }
}

function said(set: Standing, subject: Subject, asking: Asking, { decision, ids }: Ruling): Opinion {
  const evidence = { policySet: set.check.hash, policies: [...ids] };
  if (decision === 'allow') return { level: 'allow', evidence };
  if (decision === 'error') {
    const which =
      ids.length === 0 ? 'the request does not fit the policy schema' : 'a policy failed';
    const reason = `${which}, so nothing passes; run \`gatehouse policy check\``;
    return { level: 'deny', code: 'policy_error', reason, evidence };
  }
  if (ids.length === 0) {
    const { type, id } = subject.resource;
    const { action } = asking;
    const what = action === 'enter' ? 'enter' : `${action} on ${type} \`${shown(id)}\``;
    const who = shown(subject.principal.name);
    const reason = `no policy lets agent \`${who}\` ${what}; ask for a grant`;
    return { level: 'deny', code: 'policy_default', reason, evidence };
  }
  const told = ids.map((id) => set.byId.get(id)?.reason ?? `policy \`${id}\` forbids it`);
  return { level: 'deny', code: 'policy_forbidden', reason: told.join('; '), evidence };
}

// Names come from outside: short, and without what could forge a line of a log.
function shown(name: string): string {
  return name.slice(0, 100).replaceAll(/[^\x20-\x5f\x61-\x7e]/g, '?');
}
