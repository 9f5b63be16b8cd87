import type { Clock, Control, Opinion, Subject } from '../kernel/index.ts';
import { actions, timeOf } from './question.ts';
import { opinionOf, type Standing } from './standing.ts';

/** `policy.cedar`: asks the policy set in force. What it does not permit is refused. */
export function cedarControl(current: () => Standing, clock: Clock): Control {
  return {
    id: 'policy.cedar',
    stages: ['enter', 'model', 'action'],
    serves: ['A2', 'A1'],
    judge(subject: Subject): Opinion {
      const set = current();
      const action = actions[subject.stage];
      if (action === undefined) throw new TypeError(`no action at stage ${subject.stage}`);
      const mentions = set.check.mentions[action];
      return opinionOf(set, subject, { action, time: timeOf(clock.now()), mentions });
    },
  };
}
