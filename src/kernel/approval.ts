import type { Claim } from './record.ts';

/**
 * What an approval is bound to: exactly one act. Digests are SHA-256 in lower-case hexadecimal,
 * `arguments` that of the canonical JSON (RFC 8785) of the arguments.
 */
export interface Act {
  readonly caller: string;
  readonly server: string;
  readonly tool: string;
  readonly definition: string;
  readonly arguments: string;
  readonly policySet: string;
  readonly run: string;
  readonly step: number;
}

/** A person's signed leave for one act, once. `expires` is Unix time in milliseconds. */
export interface Approval {
  readonly act: Act;
  readonly nonce: string;
  readonly expires: number;
  readonly by: string;
}

/** True if the approval is for this very act and still counts. A time-out is a denial. */
export function covers(approval: Approval, act: Act, now: number): boolean {
  if (now >= approval.expires) return false;
  const bound = approval.act;
  return (Object.keys(bound) as (keyof Act)[]).every((key) => bound[key] === act[key]);
}

/** The claim that makes an approval's use its only one, in the transaction of the decision. */
export function approvalClaim(approval: Approval): Claim {
  return { kind: 'identity.approval', key: approval.nonce, amount: 1 };
}
