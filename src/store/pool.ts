import pg from 'pg';

/** `host` may be the folder of a Unix socket. */
export type PoolTarget = { readonly connectionString: string } | Readonly<pg.ClientConfig>;

const int8 = 20;
const int8Array: number = 1016;

/**
 * A pool whose lost connections never end the process: an error on a connection that nobody waits
 * for is logged, and whoever uses it next gets a new one.
 *
 * `bigint` columns come as numbers; a value beyond 2^53 makes its query fail, so that no figure is
 * ever rounded in silence.
 */
export function openPool(target: PoolTarget, size: number, log: (line: string) => void): pg.Pool {
  const pool = new pg.Pool({
    application_name: 'gatehouse',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    ...target,
    max: size,
    types: { getTypeParser },
  });
  const lost = (error: Error) => log(`a database connection was lost: ${error.message}`);
  pool.on('error', lost);
  // The pool listens only while a connection is idle; without this one, a connection that breaks
  // between two queries of a transaction would end the process.
  pool.on('connect', (client) => {
    client.on('error', () => {});
  });
  return pool;
}

const getTypeParser = ((oid: number, format?: 'text' | 'binary') => {
  if (format === 'binary') return pg.types.getTypeParser(oid, 'binary');
  if (oid === int8) return safeInteger;
  if (oid === int8Array) return (text: string) => numbers(text);
  return pg.types.getTypeParser(oid, 'text');
}) as typeof pg.types.getTypeParser;

function numbers(text: string): (number | null)[] {
  const parse = pg.types.getTypeParser(int8Array, 'text') as (text: string) => (string | null)[];
  return parse(text).map((one) => (one === null ? null : safeInteger(one)));
}

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`\`${text}\` is beyond 2^53`);
  return value;
}
