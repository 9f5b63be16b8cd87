import { randomBytes } from 'node:crypto';
import { type Budgets, pooled } from '../gateway/index.ts';
import { systemClock } from '../kernel/index.ts';
import { costOf, openQuotas, openRates, type Quotas } from '../policy/index.ts';
import type { Store } from '../store/index.ts';
import { type Config, type HouseOptions, secretAt } from '../surface/index.ts';
import type { Opened } from './opened.ts';

/** Quotas and, where a Redis is configured, the rates that it counts. */
export async function openBudgets(
  { config, folder, env, log }: HouseOptions,
  { pool }: Store,
  opened: Opened,
) {
  const { quotas: all, rates: place } = config.policy;
  const prices = pricesOf(config);
  const clock = systemClock;
  const rates =
    place.redis === undefined
      ? null
      : openRates({
          url: secretAt('policy.rates.redis', place.redis, folder, env),
          quotas: all,
          whenAway: place.whenAway,
          processes: place.processes,
          clock,
          log,
        });
  if (rates !== null) {
    opened.push(() => rates.close());
    await rates.ready;
  }
  const quotas = openQuotas({
    pool,
    clock,
    random: pooled(randomBytes),
    quotas: all,
    prices,
    ...(rates === null ? {} : { rates }),
    log,
  });
  opened.push(() => quotas.close());
  return { quotas, rates };
}

/** Reservations and costs, as the gateway takes them. */
export function budgetsOf(config: Config, quotas: Quotas): Budgets {
  const cost = costOf(pricesOf(config));
  return { reserve: (call) => quotas.reserve(call), cost };
}

function pricesOf({ models }: Config) {
  return Object.fromEntries(models.flatMap(({ id, price }) => (price ? [[id, price]] : [])));
}
