import type pg from 'pg';
import type { Claim, Refusal } from '../../kernel/index.ts';
import type { Pending } from './pending.ts';

/**
 * What became of claims of one kind, in their order: null for one that is had, else why it is
 * refused. `written` are statements that are on their way: they count only if they succeed.
 */
export interface Claimed {
  readonly answers: readonly (string | null)[];
  readonly written?: Promise<unknown>;
}

/**
 * Settles claims of one kind on the connection of the decision's transaction. Statements that it
 * sends before it first waits share one round trip with the lock of the log's head. It must leave
 * the transaction usable; what it throws makes the whole draft fail.
 */
export type Claimer = (
  client: pg.ClientBase,
  claims: readonly Claim[],
) => Promise<readonly (string | null)[] | Claimed>;

/** By kind; where a batch has several kinds they are asked in this order. */
export type Claimers = Readonly<Record<string, Claimer>>;

type Refused = Map<Pending, readonly Refusal[]>;

/** Who was refused what, and the statements on their way that this rests on. */
export interface SettledClaims {
  readonly refused: Refused;
  readonly written: Promise<unknown>;
}

/**
 * Settles the claims of a batch, all of a kind in one call. A draft gets all of its claims or none.
 *
 * INVARIANT: a draft that is refused leaves no claim behind, and never undoes one of another.
 */
export async function settleClaims(
  client: pg.ClientBase,
  batch: readonly Pending[],
  claimers: Claimers,
): Promise<SettledClaims> {
  const refused: Refused = new Map();
  let open = batch.filter(({ draft }) => draft.claims.length > 0);
  while (open.length > 0) {
    const saved = quiet(client.query('savepoint claims'));
    const round = await ask(client, open, claimers);
    for (const [pending, refusals] of round.refused) refused.set(pending, refusals);
    const partly = [...round.refused].some(
      ([{ draft }, { length }]) => length < draft.claims.length,
    );
    if (!partly) return { refused, written: quiet(Promise.all([saved, round.written])) };
    // Some draft got a part of what it needs: give all back, and ask again without the refused.
    await Promise.all([saved, round.written]);
    await client.query('rollback to savepoint claims');
    open = open.filter((pending) => !round.refused.has(pending));
  }
  return { refused, written: Promise.resolve() };
}

interface Round {
  readonly refused: Map<Pending, Refusal[]>;
  readonly written: Promise<unknown>;
}

async function ask(
  client: pg.ClientBase,
  open: readonly Pending[],
  claimers: Claimers,
): Promise<Round> {
  const asked = open.flatMap((pending) =>
    pending.draft.claims.map((claim) => ({ pending, claim })),
  );
  const kinds = Map.groupBy(asked, ({ claim }) => claim.kind);
  const order = Object.keys(claimers);
  const sorted = [...kinds].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  const said = await everyOne(
    sorted.map(([kind, ones]) => {
      const claims = ones.map(({ claim }) => claim);
      return answers(client, kind, claims, claimers);
    }),
  );
  const refused = new Map<Pending, Refusal[]>();
  const written: (Promise<unknown> | undefined)[] = [];
  for (const [at, [, ones]] of sorted.entries()) {
    const one = said[at] as Claimed;
    written.push(one.written && quiet(one.written));
    for (const [i, { pending, claim }] of ones.entries()) {
      const reason = one.answers[i];
      if (reason === null) continue;
      const list = refused.get(pending) ?? [];
      list.push({ claim, reason: reason ?? `nothing was said of this claim on \`${claim.kind}\`` });
      refused.set(pending, list);
    }
  }
  return { refused, written: quiet(Promise.all(written)) };
}

async function answers(
  client: pg.ClientBase,
  kind: string,
  claims: readonly Claim[],
  claimers: Claimers,
): Promise<Claimed> {
  const claimer = Object.hasOwn(claimers, kind) ? claimers[kind] : undefined;
  if (claimer === undefined) {
    return { answers: claims.map(() => `nobody settles claims on \`${kind}\``) };
  }
  const said = await claimer(client, claims);
  return 'answers' in said ? said : { answers: said };
}

const abortedCode = '25P02';

/** Waits for all. Of several failures it throws the one that the others are only a consequence of. */
async function everyOne<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  const ended = await Promise.allSettled(promises);
  const failures = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  if (failures.length > 0) {
    throw failures.find((error) => error?.code !== abortedCode) ?? failures[0];
  }
  return ended.map((one) => (one as PromiseFulfilledResult<T>).value);
}

// A statement that fails makes those behind it fail too; each is awaited, not always at once.
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
