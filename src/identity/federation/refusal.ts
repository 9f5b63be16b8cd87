import { GatehouseError } from '../../kernel/index.ts';

/** Why a proof from outside does not count, and what to do: the only error that leaves this folder. */
export function refused(why: string, cause?: unknown): GatehouseError {
  return new GatehouseError('unauthenticated', `this credential does not count: ${why}`, { cause });
}

/** A value from outside as it may stand in a message: short, and of printable characters only. */
export function shown(value: unknown): string {
  const text = String(value);
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return short.replaceAll(/[^\x20-\x5f\x61-\x7e…]/g, '?');
}
