import type { Clock } from './clock.ts';
import type { Finding } from './control.ts';
import type { Json, JsonObject } from './json.ts';
import type { Mask } from './mask.ts';
import type { Principal } from './principal.ts';
import type { BodyRef, Refusal } from './record.ts';
import type { Stage, Subject } from './subject.ts';
import { join, type Verdict, verdict } from './verdict.ts';

/** Members that a room adds to an entry. They hold facts and digests, never content. */
export type Facts = JsonObject;

// A hostile input can earn any number of masks; an entry has at most 64 KiB.
const mostMasks = 100;
const mostFindings = 50;

/** The entry of one decision, as it stands in the log. */
export function composed(
  subjects: readonly Subject[],
  said: Verdict,
  findings: readonly Finding[],
  bodies: readonly BodyRef[],
  refused: readonly Refusal[],
  facts: Facts,
  clock: Clock,
): JsonObject {
  const last = subjects.at(-1) as Subject;
  const refusals = refusalFindings(refused, last.stage);
  const final = refusals.length === 0 ? said : join(said, verdict('deny'));
  const all = [...findings, ...refusals];
  const telling = all.filter(({ level, code }) => level !== 'allow' || code !== 'ok');
  return {
    v: 1,
    kind: 'decision',
    at: new Date(clock.now()).toISOString(),
    trace: last.trace,
    step: last.step,
    stages: subjects.map(({ stage }) => stage),
    principal: principalFacts(last.principal),
    resource: { ...last.resource },
    context: last.context,
    measures: Object.assign({}, ...subjects.map(({ measures }) => measures)),
    level: final.level,
    masks: final.masks.slice(0, mostMasks).map((mask) => maskFacts(mask, subjects)),
    ...(final.masks.length > mostMasks ? { masksTotal: final.masks.length } : {}),
    ...(final.drops.length === 0
      ? {}
      : { drops: final.drops.slice(0, mostMasks).map((path) => placeOf(path, subjects)) }),
    controls: [...new Set(all.map(({ control }) => control))],
    findings: telling.slice(0, mostFindings).map(findingFacts),
    ...(telling.length > mostFindings ? { findingsTotal: telling.length } : {}),
    bodies: bodies.map((body) => ({ ...body })),
    ...facts,
  };
}

/** Refused claims as findings: each is a denial by the control that the claim's kind names. */
export function refusalFindings(refused: readonly Refusal[], stage: Stage): readonly Finding[] {
  return refused.map(({ claim, reason }) => ({
    control: claim.kind,
    stage,
    mode: 'enforce',
    level: 'deny',
    code: 'claim_refused',
    reason,
    masks: [],
  }));
}

function principalFacts(principal: Principal): JsonObject {
  const { kind, id, name, owner, tenant, credential, actors, risk } = principal;
  return {
    kind,
    id,
    name,
    owner,
    tenant,
    ...(risk === undefined || risk === 0 ? {} : { risk }),
    credential: credentialFacts(credential),
    actors: actors.map((actor) => ({ ...actor })),
  };
}

function credentialFacts({
  kind,
  id,
  bound,
  scopes,
  parents,
}: Principal['credential']): JsonObject {
  return {
    kind,
    id,
    ...(bound === true ? { bound } : {}),
    ...(scopes === undefined ? {} : { scopes: [...scopes] }),
    ...(parents === undefined || parents.length === 0 ? {} : { parents: [...parents] }),
  };
}

function maskFacts(mask: Mask, subjects: readonly Subject[]): Json {
  const place = placeOf(mask.path, subjects).slice(0, 200);
  return [place, mask.start, mask.end, mask.labels.join('+')];
}

// INVARIANT: property names that a caller or a model chose are content, and stand as `*`.
function placeOf(path: string, subjects: readonly Subject[]): string {
  const told = (token: string) =>
    token === '' || isIndex.test(token) || subjects.some(({ names }) => names?.has(token));
  return path
    .slice(0, 2_000)
    .split('/')
    .map((token) => (told(token) ? token : '*'))
    .join('/');
}

// Longer ones may be the digits of something.
const isIndex = /^\d{1,6}$/;

function findingFacts(finding: Finding): JsonObject {
  const { control, stage, mode, level, code, reason, evidence } = finding;
  const said = { control, stage, mode, level, code, reason: reason.slice(0, 500) };
  return evidence === undefined ? said : { ...said, evidence };
}
