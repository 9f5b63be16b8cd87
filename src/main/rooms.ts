import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { scopeControl } from '../identity/index.ts';
import { systemClock } from '../kernel/index.ts';
import { localSigner, openLedger, publishedIn } from '../ledger/index.ts';
import { openPolicies } from '../policy/index.ts';
import { openPins } from '../registry/index.ts';
import { localKms, openNotices, openStore, openVault } from '../store/index.ts';
import type { HouseOptions } from '../surface/index.ts';
import { openUpstreams } from '../upstream/index.ts';
import { openAdmission } from './admission.ts';
import { openBudgets } from './budgets.ts';
import type { Opened } from './opened.ts';
import { upstreamDefinition } from './upstream-definition.ts';

export type Rooms = Awaited<ReturnType<typeof openRooms>>;

/** Opens every room below the planes, in the order in which they rest on each other. */
export async function openRooms(options: HouseOptions, opened: Opened) {
  const { config, folder, log } = options;
  const at = (path: string) => resolve(folder, path);
  const data = at(config.data);
  // Root's embedded PostgreSQL runs as another user: it may pass through, and sees no key.
  mkdirSync(data, { recursive: true, mode: 0o711 });
  mkdirSync(join(data, 'keys'), { recursive: true, mode: 0o700 });
  const clock = systemClock;
  const policies = openPolicies({ folder: at(config.policy.folder), clock, log });
  const pins = openPins(config.models);
  const { url, poolSize } = config.store;
  const store = await openStore({ ...(url ? { url } : {}), dataDir: data, log, poolSize });
  opened.push(() => store.close());
  const kms = await localKms(join(data, 'keys', 'kek'), randomBytes);
  const vault = await openVault({ store, kms, clock, random: randomBytes });
  const signer = await localSigner(join(data, 'keys', 'log'), config.ledger.origin, randomBytes);
  const published = publishedIn(join(data, 'checkpoint'));
  const { quotas, rates } = await openBudgets(options, store, opened);
  const { claimers } = quotas;
  const ledger = await openLedger({ store, vault, signer, clock, published, claimers });
  opened.push(() => ledger.close());
  await quotas.start();
  const notices = await openNotices({ pool: store.pool, clock, log });
  opened.push(() => notices.close());
  const admission = openAdmission(options, { store, kms, notices }, opened);
  const upstreams = openUpstreams({
    definitions: Object.entries(config.upstreams).map((one) => upstreamDefinition(...one, options)),
    clock,
    random: Math.random,
    log: (level, event, facts) => log(`${level} ${event} ${JSON.stringify(facts)}`),
  });
  opened.push(() => upstreams.close());
  const scope = scopeControl();
  return { policies, pins, store, ledger, quotas, rates, scope, upstreams, ...admission };
}
