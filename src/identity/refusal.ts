import { GatehouseError } from '../kernel/index.ts';

/** Why a credential does not count, and what to do. */
export function refusal(why: string): GatehouseError {
  return new GatehouseError('unauthenticated', `this credential does not count: ${why}`);
}
