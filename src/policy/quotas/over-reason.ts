import { nanosPerDollar } from './price.ts';
import type { Measure } from './quota.ts';
import type { Need } from './reservation.ts';

const units: Readonly<Record<Measure, string>> = {
  requests: 'requests',
  tokens: 'tokens',
  money: 'dollars',
  concurrency: 'calls at a time',
};

const longestName = 100;
const figures = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 });

/** Why a call does not fit into a quota, for people: what is left, until when, what it may need. */
export function overReason(
  { rule, holder, window, amount }: Need,
  { used, reserved }: { readonly used: number; readonly reserved: number },
): string {
  const { id, of, measure } = rule.quota;
  const say = (units: number) => figure(measure, units);
  const whose = of === 'everyone' ? 'everyone' : `${of} \`${shown(holder)}\``;
  const until = window.ends === null ? '' : ` until ${new Date(window.ends).toISOString()}`;
  const taken = `${say(used + reserved)} of ${say(rule.limit)} ${units[measure]}`;
  const next =
    amount > rule.limit
      ? 'ask for less, or have the quota raised'
      : 'wait, or have the quota raised';
  return `quota \`${id}\` of ${whose}: ${taken} are used or reserved${until}; this call may need ${say(amount)}; ${next}`;
}

function figure(measure: Measure, amount: number): string {
  const value = measure === 'money' ? amount / nanosPerDollar : amount;
  return figures.format(value);
}

// Names come from outside: shown short, without what could forge a line of a log.
function shown(name: string): string {
  return name.slice(0, longestName).replaceAll(/[^\x20-\x5f\x61-\x7e]/g, '?');
}
