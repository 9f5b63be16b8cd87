import type pg from 'pg';
import type { Claim, Refusal } from '../../kernel/index.ts';
import type { Pending } from './pending.ts';

/**
 * Settles claims of one kind on the connection of the decision's transaction, in their order:
 * null for a claim that is had, else why it is refused. It must leave the transaction usable; what
 * it throws makes the whole draft fail.
 */
export type Claimer = (
  client: pg.ClientBase,
  claims: readonly Claim[],
) => Promise<readonly (string | null)[]>;

export type Claimers = Readonly<Record<string, Claimer>>;

type Refused = Map<Pending, readonly Refusal[]>;

/**
 * Settles the claims of a batch, all of a kind in one call. A draft gets all of its claims or none.
 *
 * INVARIANT: a draft that is refused leaves no claim behind, and never undoes one of another.
 */
export async function settleClaims(
  client: pg.ClientBase,
  batch: readonly Pending[],
  claimers: Claimers,
): Promise<Refused> {
  const refused: Refused = new Map();
  let open = batch.filter(({ draft }) => draft.claims.length > 0);
  while (open.length > 0) {
    await client.query('savepoint claims');
    const round = await ask(client, open, claimers);
    for (const [pending, refusals] of round) refused.set(pending, refusals);
    const partly = [...round].some(([{ draft }, { length }]) => length < draft.claims.length);
    if (!partly) return refused;
    // Some draft got a part of what it needs: give all back, and ask again without the refused.
    await client.query('rollback to savepoint claims');
    open = open.filter((pending) => !round.has(pending));
  }
  return refused;
}

async function ask(
  client: pg.ClientBase,
  open: readonly Pending[],
  claimers: Claimers,
): Promise<Refused> {
  const asked = open.flatMap((pending) =>
    pending.draft.claims.map((claim) => ({ pending, claim })),
  );
  const refused = new Map<Pending, Refusal[]>();
  for (const [kind, ones] of Map.groupBy(asked, ({ claim }) => claim.kind)) {
    const claims = ones.map(({ claim }) => claim);
    const said = await answers(client, kind, claims, claimers);
    for (const [i, { pending, claim }] of ones.entries()) {
      const reason = said[i];
      if (reason === null) continue;
      const list = refused.get(pending) ?? [];
      list.push({ claim, reason: reason ?? `nothing was said of this claim on \`${kind}\`` });
      refused.set(pending, list);
    }
  }
  return refused;
}

async function answers(
  client: pg.ClientBase,
  kind: string,
  claims: readonly Claim[],
  claimers: Claimers,
): Promise<readonly (string | null)[]> {
  const claimer = Object.hasOwn(claimers, kind) ? claimers[kind] : undefined;
  if (claimer === undefined) return claims.map(() => `nobody settles claims on \`${kind}\``);
  return claimer(client, claims);
}
