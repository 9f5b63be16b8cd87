import type { Store } from '../store/index.ts';
import type { PartHealth } from '../surface/index.ts';
import type { Rooms } from './rooms.ts';

/** How each part is, asked now. */
export async function healthOf({ store, upstreams }: Rooms): Promise<readonly PartHealth[]> {
  return [
    await storeHealth(store),
    ...upstreams.health().map(({ name, breaker, last }) => {
      const status = breaker === 'closed' ? ('ok' as const) : ('degraded' as const);
      return { part: `upstream ${name}`, status, detail: last?.detail ?? 'ready' };
    }),
  ];
}

async function storeHealth(store: Store): Promise<PartHealth> {
  const part = 'database';
  try {
    await store.pool.query('select 1');
    return { part, status: 'ok', detail: store.describe() };
  } catch (error) {
    return { part, status: 'down', detail: (error as Error).message };
  }
}
