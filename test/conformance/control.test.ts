import { fileURLToPath } from 'node:url';
import { secretsControl, sizeControl } from '../../src/guard/index.ts';
import { scopeControl } from '../../src/identity/index.ts';
import { systemClock } from '../../src/kernel/index.ts';
import { openPolicies, openRates } from '../../src/policy/index.ts';
import { openPins } from '../../src/registry/index.ts';
import { controlConformance } from './control.ts';

const folder = fileURLToPath(new URL('../../policies', import.meta.url));
const policies = openPolicies({ folder, clock: systemClock });
const pins = openPins([{ id: 'some@1', upstream: 'somewhere', model: 'some-v1' }]);
// Nothing listens there: what the control says depends on what it is told alone.
const rates = openRates({
  url: 'redis://127.0.0.1:1',
  quotas: [{ id: 'often', of: 'agent', measure: 'requests', limit: 1, per: 'minute' }],
  whenAway: 'deny',
  processes: 1,
  clock: systemClock,
  log() {},
});
await rates.close();

controlConformance(rates.control);
controlConformance(sizeControl({ bytes: 8_388_608, messages: 2000, depth: 64, tools: 256 }));
controlConformance(secretsControl());
controlConformance(scopeControl());
controlConformance(policies.control());
controlConformance(policies.feedback());
controlConformance(pins.control());
