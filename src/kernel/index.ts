export { act, type Judged } from './act.ts';
export { type Act, type Approval, approvalClaim, covers } from './approval.ts';
export { type Clock, systemClock } from './clock.ts';
export { amended, keysPath, partsOf } from './content.ts';
export type { Binding, Control, Finding, Opinion } from './control.ts';
export { type Checkpoint, type DecideOptions, type Decision, decide } from './decide.ts';
export {
  type ErrorCode,
  type ErrorKind,
  errorCodes,
  GatehouseError,
  toGatehouseError,
} from './errors.ts';
export { Gathered } from './gathered.ts';
export { canonical, type Json, type JsonObject } from './json.ts';
export { applyMasks, type Mask, mergeMasks } from './mask.ts';
export type { Permit } from './permit.ts';
export type { Actor, Credential, Principal } from './principal.ts';
export { Recent } from './recent.ts';
export type { Body, BodyRef, Claim, Draft, Recorded, Recorder, Refusal } from './record.ts';
export { decideStream, type StreamDecision, type Window } from './stream.ts';
export {
  type Part,
  type Resource,
  type Role,
  type Stage,
  type Subject,
  stages,
  subject,
} from './subject.ts';
export {
  allow,
  deny,
  join,
  type Level,
  levels,
  passes,
  stricter,
  type Verdict,
  verdict,
} from './verdict.ts';
