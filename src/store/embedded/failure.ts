import { GatehouseError } from '../../kernel/index.ts';

/**
 * What the server's processes see of our environment: nothing but what keeps them in one language,
 * so that neither a stray PGDATA nor our secrets reach them.
 */
export const serverEnv: Record<string, string> = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' };

/** The error of a server that would not start, with what it said itself. */
export function startFailed(said: string, cause?: unknown): GatehouseError {
  const why = said === '' ? 'it said nothing' : `it said \`${said}\``;
  const message = `the embedded database did not start; ${why}; mend that, or name a PostgreSQL server in DATABASE_URL`;
  return new GatehouseError('store_unavailable', message, { cause });
}

/** The end of a program's output in one line. */
export function lastLines(text: string): string {
  return text.trim().split('\n').slice(-3).join(' ').slice(-500);
}
