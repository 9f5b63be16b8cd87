import type pg from 'pg';
import type { Clock } from '../../kernel/index.ts';
import { bucketAffixes, bucketId, bucketName } from './bucket.ts';
import { nanosPerDollar } from './price.ts';
import type { Measure, Standing, StandingFilter } from './quota.ts';
import type { Rule } from './rule.ts';
import { windowAt } from './window.ts';

export interface StandingsParts {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly rules: readonly Rule[];
}

interface BucketRow {
  readonly id: string;
  readonly used: number;
  readonly reserved: number;
  readonly ends: Date | null;
}

// So many rows answer at most, those with the most used first.
const mostRows = 1000;

/** How the quotas stand in the windows of now, by quota and holder; holders that used nothing lack. */
export async function standings(
  { pool, clock, rules }: StandingsParts,
  filter: StandingFilter,
): Promise<readonly Standing[]> {
  const wanted = rules.filter(
    ({ quota }) =>
      (filter.quota === undefined || quota.id === filter.quota) &&
      (filter.of === undefined || quota.of === filter.of),
  );
  const rows = await Promise.all(wanted.map((rule) => rowsOf(pool, rule, clock.now(), filter)));
  return wanted.flatMap((rule, i) => (rows[i] as BucketRow[]).map((row) => standing(rule, row)));
}

async function rowsOf(
  pool: pg.Pool,
  { quota }: Rule,
  now: number,
  { holder }: StandingFilter,
): Promise<BucketRow[]> {
  const { start } = windowAt(quota.per ?? 'ever', now);
  if (holder !== undefined) {
    const id = bucketId(quota, holder, start);
    const { rows } = await pool.query(`${selectRows} where id = $1`, [id]);
    return rows;
  }
  const { rows } = await pool.query(
    `${selectRows} where starts_with(id, $1) and right(id, length($2)) = $2
     order by used + reserved desc, id limit ${mostRows}`,
    [...bucketAffixes(quota, start)],
  );
  return rows;
}

const selectRows = 'select id, used, reserved, ends from quota_bucket';

function standing({ quota, limit }: Rule, { id, used, reserved, ends }: BucketRow): Standing {
  const { of, measure } = quota;
  const holder = bucketName(id)?.holder ?? '';
  const figure = (units: number) => inUnits(measure, units);
  return {
    quota: quota.id,
    of,
    holder,
    measure,
    used: figure(used),
    reserved: figure(reserved),
    limit: figure(limit),
    ends: ends === null ? null : ends.getTime(),
  };
}

function inUnits(measure: Measure, amount: number): number {
  return measure === 'money' ? amount / nanosPerDollar : amount;
}
