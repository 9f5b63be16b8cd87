import { policyToJson } from '@cedar-policy/cedar-wasm/nodejs';
import { type Clock, GatehouseError, type JsonObject, type Opinion } from '../../kernel/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import { cache, checkSources } from '../checked.ts';
import type { Policies } from '../policies.ts';
import { type PolicyCheck, readSet } from '../policy-set.ts';
import { type Action, allActions, timeOf } from '../question.ts';
import type { PolicySources } from '../sources.ts';
import { opinionOf, type Standing, standing } from '../standing.ts';
import { type Explanation, explain, type ReadPolicy } from './explain.ts';
import { askingOf, questionsOf, type SupposedCall } from './question-put.ts';
import { recordedCall, type Unsaid } from './recorded.ts';
import { type Progress, type Replay, replay } from './replay.ts';

/** Times are Unix milliseconds; `until` is now unless said, and not included. */
export interface ReplayAsked {
  readonly sources: PolicySources;
  readonly since: number;
  readonly until?: number;
  /** Kinds of differences that are listed at most. */
  readonly limit: number;
}

/** Asks policies what they would say, and said; changes nothing. */
export interface WhatIf {
  /**
   * Decides the recorded past anew under a candidate set. The first step checks the candidate.
   *
   * @throws GatehouseError `bad_config` for a candidate that is not valid, `busy` while as many
   *   replays run as are let.
   */
  replay(asked: ReplayAsked): AsyncGenerator<Progress, Replay>;
  /** Why the set in force would decide a call as it would, one explanation for each question. */
  explain(call: SupposedCall): readonly Explanation[];
  /** The same for a recorded decision; null for an entry that policies were not asked for. */
  explainEntry(entry: JsonObject): readonly Explanation[] | Unsaid | null;
  /** What the set in force says of a call now: the strictest answer of all that is asked. */
  says(call: SupposedCall): Opinion;
}

export interface WhatIfParts {
  readonly policies: Pick<Policies, 'hash' | 'sources'>;
  readonly log: Pick<Ledger, 'span' | 'range'>;
  readonly clock: Clock;
}

interface InForce {
  readonly set: Standing;
  readonly policies: Readonly<Record<Action, readonly ReadPolicy[]>>;
}

// Each candidate stays in Cedar's memory under a name of its own while it is replayed.
const places = ['replay-1', 'replay-2'];

/** Opens what asks policies about the past and about what is supposed. */
export function openWhatIf({ policies, log, clock }: WhatIfParts): WhatIf {
  const free = [...places];
  let known: InForce | null = null;
  const inForce = () => {
    if (known?.set.check.hash !== policies.hash) known = readInForce(policies);
    return known;
  };
  const explained = (calls: ReturnType<typeof questionsOf>, at: number) => {
    const { set, policies: all } = inForce();
    return calls.map((put) => explain(set, all[put.action], put, timeOf(at)));
  };
  return {
    async *replay({ sources, since, until = clock.now(), limit }) {
      const check = checkSources(sources);
      if (!check.ok) throw notValid(check);
      const place = free.pop();
      if (place === undefined) throw busy();
      try {
        const candidate = preparedAs(place, check, sources);
        const { set } = inForce();
        const hash = check.hash;
        return yield* replay({
          ...{ log, candidate, candidateHash: hash, inForce: set, since, until, limit },
        });
      } finally {
        free.push(place);
      }
    },
    explain: (call) => explained(questionsOf(call), clock.now()),
    explainEntry(entry) {
      const call = recordedCall(entry);
      if (call === null || 'lacks' in call) return call;
      return explained(
        call.questions.map(({ put }) => put),
        call.at,
      );
    },
    says(call) {
      const { set } = inForce();
      const time = timeOf(clock.now());
      const said = questionsOf(call).map((put) => {
        return opinionOf(set, put.subject, askingOf(put, time, set.check.mentions));
      });
      return said.find(({ level }) => level !== 'allow') ?? (said.at(-1) as Opinion);
    },
  };
}

// What is in force stands prepared in Cedar under its hash, and was checked before.
function readInForce({ hash, sources }: WhatIfParts['policies']): InForce {
  const set = readSet(sources);
  const { texts } = set;
  const check = { ...set, ok: true, hash, tests: [] };
  const all = set.policies.flatMap((fact) => {
    const text = texts[fact.id] ?? '';
    const parsed = policyToJson(text);
    return parsed.type === 'success' ? [{ ...fact, text, parsed: parsed.json }] : [];
  });
  const ofAction = (action: Action) => {
    const ids = new Set(set.ofAction[action]);
    return [action, all.filter(({ id }) => ids.has(id))] as const;
  };
  const policies = Object.fromEntries(allActions.map(ofAction)) as unknown as InForce['policies'];
  return { set: standing(check), policies };
}

function preparedAs(place: string, check: PolicyCheck, sources: PolicySources): Standing {
  cache(place, sources.schema, readSet(sources));
  return standing({ ...check, hash: place });
}

function notValid({ errors }: PolicyCheck): GatehouseError {
  const told = errors.slice(0, 5).map(({ where, message }) => `${where}: ${message}`);
  const more = errors.length > told.length ? `, and ${errors.length - told.length} more` : '';
  const message = `the policies are not valid: ${told.join('; ')}${more}; see \`gatehouse policy check\``;
  return new GatehouseError('bad_config', message);
}

function busy(): GatehouseError {
  const message = `\`${places.length}\` replays run already; wait until one has ended`;
  return new GatehouseError('busy', message);
}
