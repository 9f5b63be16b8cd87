import { GatehouseError } from '../../kernel/index.ts';
import type { Price, Prices } from './quota.ts';

/** Billionths of a US dollar: the unit in which money is counted. */
export const nanosPerDollar = 1_000_000_000;

/** The largest amount that is counted; more than that is as much as this. */
export const most = Number.MAX_SAFE_INTEGER;

/** Counts of tokens; `cached` and `written` are parts of `input`: read from a cache, put into one. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly cached: number;
  readonly written?: number;
}

/** What tokens of a model cost, in whole billionths of a US dollar; null: it has no price. */
export type Cost = (model: string, tokens: Tokens) => number | null;

// Prices are kept in billionths of a dollar per million tokens, so that sums of tokens times price
// are whole and a cost is rounded once, up.
const perPrice = 1_000_000n;
const highestPrice = 1_000_000;

interface Units {
  readonly input: bigint;
  readonly output: bigint;
  readonly cached: bigint;
  readonly written: bigint;
}

/**
 * Reads prices.
 *
 * @throws GatehouseError `bad_config` for a price that is no amount of money.
 */
export function costOf(prices: Prices): Cost {
  const byModel = new Map<string, Units>();
  for (const [model, price] of Object.entries(prices)) byModel.set(model, unitsOf(model, price));
  return (model, { input, output, cached, written = 0 }) => {
    const units = byModel.get(model);
    if (units === undefined) return null;
    const warm = Math.min(cached, input);
    const kept = Math.min(written, input - warm);
    const sum =
      BigInt(input - warm - kept) * units.input +
      BigInt(warm) * units.cached +
      BigInt(kept) * units.written +
      BigInt(output) * units.output;
    const nanos = (sum + perPrice - 1n) / perPrice;
    return nanos > BigInt(most) ? most : Number(nanos);
  };
}

/** A count as a whole number from 0; what is no count is as much as can be. */
export function whole(count: number): number {
  return count >= 0 && count < most ? Math.ceil(count) : most;
}

function unitsOf(model: string, price: Price): Units {
  const { input, output, cachedInput = input, writtenInput = input } = price;
  const unit = (value: number): bigint => {
    if (typeof value === 'number' && value >= 0 && value <= highestPrice) {
      return BigInt(Math.ceil(Number((value * nanosPerDollar).toPrecision(15))));
    }
    const message = `price \`${value}\` of model \`${model}\` is no amount from 0 to ${highestPrice}; write US dollars per million tokens`;
    throw new GatehouseError('bad_config', message);
  };
  return {
    input: unit(input),
    output: unit(output),
    cached: unit(cachedInput),
    written: unit(writtenInput),
  };
}
