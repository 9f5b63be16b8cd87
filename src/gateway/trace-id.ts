/** Random bytes as a parameter. */
export type Random = (size: number) => Buffer;

/**
 * A fresh W3C trace id: 32 hexadecimal digits, 48 bits of Unix milliseconds and 80 random bits, so
 * that ids sort by time and an index over them grows at its end.
 */
export function traceId(now: number, random: Random): string {
  return now.toString(16).padStart(12, '0') + random(10).toString('hex');
}

/** Random bytes from a pool that is refilled 16 KiB at a time: one system call for many ids. */
export function pooled(random: Random): Random {
  let pool: Buffer = Buffer.alloc(0);
  let at = 0;
  return (size) => {
    if (at + size > pool.length) {
      pool = random(16_384);
      at = 0;
    }
    at += size;
    return pool.subarray(at - size, at);
  };
}

/** The trace id and parent of a W3C `traceparent` header, or null if it is not one. */
export function parentOf(header: string | undefined): string | null {
  if (header === undefined || header.length > 100) return null;
  return /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(header) ? header : null;
}
