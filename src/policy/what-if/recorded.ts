import type { Json, JsonObject, Principal } from '../../kernel/index.ts';
import type { PolicyCheck } from '../policy-set.ts';
import { type Put, questionsOf, type SupposedCall } from './question-put.ts';

/** What the policies decided, as the record says. `policies` is null where it does not say which. */
export interface Was {
  readonly level: 'allow' | 'deny';
  readonly policies: readonly string[] | null;
}

/** A recorded decision as the questions that policies were asked. */
export interface RecordedCall {
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly trace: string;
  /** The hash of the set that decided; null where the record does not say. */
  readonly set: string | null;
  readonly questions: readonly { readonly put: Put; readonly was: Was }[];
}

/** Why a recorded decision cannot be decided anew: what its entry does not say. */
export interface Unsaid {
  readonly lacks: string;
}

/**
 * Reads the questions out of an entry. Null: policies were not asked there (an answer, an entry of
 * another kind). What is not on the record is never guessed.
 */
export function recordedCall(entry: JsonObject): RecordedCall | Unsaid | null {
  const stages = texts(entry['stages']);
  if (entry['kind'] !== 'decision' || stages === null) return null;
  if (!['enter', 'model', 'action'].some((stage) => stages.includes(stage))) return null;
  const at = typeof entry['at'] === 'string' ? Date.parse(entry['at']) : Number.NaN;
  const principal = principalIn(object(entry['principal']));
  if (Number.isNaN(at)) return { lacks: 'when it was' };
  if (principal === null) return { lacks: 'who asked' };
  const call = callIn(entry, stages, principal);
  if ('lacks' in call) return call;
  const controls = texts(entry['controls']) ?? [];
  if (!controls.includes('policy.cedar')) return { lacks: 'what the policies decided' };
  const put = questionsOf(call).filter(({ action, subject }) => {
    const asker = action === 'see_feedback' ? 'policy.feedback' : 'policy.cedar';
    return stages.includes(subject.stage) && controls.includes(asker);
  });
  const questions = put.map((one) => ({ put: one, was: wasOf(entry, one) }));
  const unclear = questions.find(({ was }) => was === null);
  if (unclear !== undefined) return { lacks: 'what the policies decided' };
  const set = typeof entry['policySet'] === 'string' ? entry['policySet'] : null;
  return { at, trace: String(entry['trace']), set, questions } as RecordedCall;
}

/** What a set with these mentions would need to know and the call's entry does not say, or null. */
export function unsaidTo(mentions: PolicyCheck['mentions'], entry: JsonObject): string | null {
  const context = object(entry['context']) ?? {};
  const asked = texts(entry['stages'])?.includes('model') === true;
  const lacking = (['tokens', 'cost'] as const).find((name) => {
    return asked && mentions.call_model.has(name) && typeof context[name] !== 'number';
  });
  return lacking === undefined ? null : `its ${lacking}`;
}

function callIn(
  entry: JsonObject,
  stages: readonly string[],
  principal: Principal,
): SupposedCall | Unsaid {
  const context = object(entry['context']) ?? {};
  const { type, id } = object(entry['resource']) ?? {};
  const { protocol, asked, provider, stream, tokens, cost } = context;
  if (typeof protocol !== 'string') return { lacks: 'its protocol' };
  if (typeof id !== 'string') return { lacks: 'what was asked for' };
  const labels = texts(context['labels']) ?? [];
  const common = { principal, protocol, labels, trace: String(entry['trace']) };
  if (!stages.includes('model')) {
    const tool = { type: 'tool', id } as const;
    if (!stages.includes('action')) return { ...common, resource: tool };
    return type === 'tool' ? { ...common, resource: tool } : { lacks: 'what was asked for' };
  }
  const features = texts(context['features']);
  const groups = texts(context['groups']);
  if (features === null) return { lacks: 'its features' };
  if (groups === null || typeof provider !== 'string') return { lacks: "the model's groups" };
  if (typeof asked !== 'string' || typeof stream !== 'boolean') return { lacks: 'how it asked' };
  return {
    ...common,
    ...{ resource: { type: 'model', id }, asked, provider, stream, features, groups },
    ...(typeof tokens === 'number' ? { tokens } : {}),
    ...(typeof cost === 'number' ? { cost } : {}),
  };
}

function principalIn(from: JsonObject | null): Principal | null {
  const credential = object(from?.['credential']);
  if (from === null || credential === null) return null;
  const { kind, id, name, owner, tenant, risk = 0 } = from;
  const all = [kind, id, name, owner, tenant, credential['kind']];
  if (!all.every((one) => typeof one === 'string') || typeof risk !== 'number') return null;
  const actors = Array.isArray(from['actors']) ? (from['actors'] as readonly JsonObject[]) : null;
  if (actors === null) return null;
  const scopes = credential['scopes'] === undefined ? undefined : texts(credential['scopes']);
  if (scopes === null) return null;
  return {
    ...(from as unknown as Principal),
    risk,
    credential: {
      ...(credential as unknown as Principal['credential']),
      expires: 0,
      ...(scopes === undefined ? {} : { scopes }),
    },
  };
}

// Codes of a policy control that did not answer: what it would have said is not on the record.
const silent = ['control_failed', 'control_timeout'];

function wasOf(entry: JsonObject, { action, subject }: Put): Was | null {
  const control = action === 'see_feedback' ? 'policy.feedback' : 'policy.cedar';
  const findings = Array.isArray(entry['findings']) ? (entry['findings'] as JsonObject[]) : [];
  const found = findings.find(
    (one) => one['control'] === control && one['stage'] === subject.stage,
  );
  if (found === undefined) {
    // A long list is cut short, and the finding may be in what was cut.
    return entry['findingsTotal'] === undefined ? { level: 'allow', policies: null } : null;
  }
  if (silent.includes(String(found['code']))) return null;
  const policies = texts(object(found['evidence'])?.['policies']);
  return { level: found['level'] === 'allow' ? 'allow' : 'deny', policies };
}

function object(value: Json | undefined): JsonObject | null {
  const plain = typeof value === 'object' && value !== null && !Array.isArray(value);
  return plain ? (value as JsonObject) : null;
}

function texts(value: Json | undefined): readonly string[] | null {
  if (!Array.isArray(value)) return null;
  return value.every((one) => typeof one === 'string') ? (value as readonly string[]) : null;
}
