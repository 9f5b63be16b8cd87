import { secretsControl, sizeControl } from '../guard/index.ts';
import type { Binding, Control } from '../kernel/index.ts';
import type { Config } from '../surface/index.ts';
import type { Rooms } from './rooms.ts';

type Bound = Omit<Binding, 'control'>;

/** What is not a matter of taste: it cannot merely observe. */
const always: Bound = { mode: 'enforce', timeoutMs: 1_000, onFailure: 'deny' };

/** Every control in force, as the configuration binds it. */
export function bindings(
  { guard, policy, registry }: Config,
  { policies, pins, scope, rates }: Pick<Rooms, 'policies' | 'pins' | 'scope' | 'rates'>,
): readonly Binding[] {
  const bind = (control: Control, { mode, timeoutMs, onFailure }: Bound): Binding => ({
    control,
    mode,
    timeoutMs,
    onFailure,
  });
  return [
    bind(scope, always),
    ...(rates === null ? [] : [bind(rates.control, { ...policy.rate, mode: 'enforce' })]),
    bind(sizeControl(guard.size), guard.size),
    bind(secretsControl(), guard.secrets),
    bind(pins.control(), { ...registry.pin, mode: 'enforce' }),
    bind(policies.control(), policy.cedar),
    bind(policies.feedback(), policy.feedback),
  ];
}
