import { randomBytes } from 'node:crypto';
import { type Claim, type Principal, systemClock } from '../../src/kernel/index.ts';
import type { Ledger } from '../../src/ledger/index.ts';
import {
  openQuotas,
  type Quotas,
  type QuotasFrom,
  type Reservation,
} from '../../src/policy/index.ts';
import type { Store } from '../../src/store/index.ts';
import { draft } from '../ledger/world.ts';

/** An agent, with an owner and a tenant of its own where none is given. */
export function caller(name: string, more: Partial<Principal> = {}): Principal {
  return {
    kind: 'agent',
    id: `agt_${name}`,
    name,
    owner: `owner-of-${name}`,
    tenant: `tenant-of-${name}`,
    credential: { kind: 'static-key', id: 'key_1', expires: 0 },
    actors: [],
    ...more,
  };
}

export const model = { id: 'tour-model@1', groups: ['general'] };

/** Three and fifteen dollars per million tokens, an old price of input; a tenth when cached. */
export const prices = { [model.id]: { input: 3, output: 15, cachedInput: 0.3 } };

/** Quotas over a store, not started. */
export function testQuotas(
  store: Pick<Store, 'pool'>,
  quotas: QuotasFrom['quotas'],
  more: Partial<QuotasFrom> = {},
): Quotas {
  return openQuotas({
    pool: store.pool,
    clock: systemClock,
    random: (size) => randomBytes(size),
    quotas,
    prices,
    ...more,
  });
}

/** Records an entry with claims, as a decision would; answers with the reasons of refusals. */
export async function claimed(
  ledger: Pick<Ledger, 'record'>,
  claims: readonly Claim[],
): Promise<readonly string[]> {
  const { refused } = await ledger.record(draft({}, { claims }));
  return refused.map(({ reason }) => reason);
}

/** True if a reservation was had. */
export async function reserved(
  ledger: Pick<Ledger, 'record'>,
  { claims }: Reservation,
): Promise<boolean> {
  return (await claimed(ledger, claims)).length === 0;
}
