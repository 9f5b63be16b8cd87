import type { Control, Opinion, Subject } from '../../kernel/index.ts';
import type { Rule } from './rule.ts';

/** The measure `rateOver` of a request that nobody could count. */
export const uncounted = -1;

const within: Opinion = Object.freeze({ level: 'allow' });
const away: Opinion = Object.freeze({
  level: 'deny',
  code: 'rate_exceeded',
  reason:
    'requests cannot be counted for a moment, and what is not counted does not pass; try again',
});

/**
 * `policy.rate`: denies at `enter` a request that is over a quota of requests, or that was not
 * counted. It reads what was counted before from the measure `rateOver`: 0, or the place of the
 * first quota that is over, from 1.
 */
export function rateControl(rules: readonly Rule[]): Control {
  return {
    id: 'policy.rate',
    stages: ['enter'],
    serves: ['M5', 'I4'],
    judge({ measures }: Subject): Opinion {
      const { rateOver } = measures;
      if (rateOver === 0 || rules.length === 0) return within;
      // Absent, not a number, or of no quota: not counted.
      const rule = rules[(rateOver ?? uncounted) - 1];
      return rule === undefined ? away : exceeded(rule);
    },
  };
}

function exceeded({ quota, limit }: Rule): Opinion {
  const { id, of, per } = quota;
  const each = of === 'everyone' ? 'all together' : `each ${of}`;
  const window = per === 'ever' ? 'ever' : `in a ${per}`;
  return {
    level: 'deny',
    code: 'rate_exceeded',
    reason: `quota \`${id}\`: ${limit} requests of ${each} ${window} are used; wait for the next ${per}, or have it raised`,
    evidence: { quota: id, limit },
  };
}
